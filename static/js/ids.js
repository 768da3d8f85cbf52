// Ids that a till makes itself: TypeIDs such as line_01k…, sortable by time and never made twice.

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

export function newId(prefix) {
  const random = crypto.getRandomValues(new Uint8Array(10));
  // The layout of UUIDv7: 48 bits of time, then version, randomness, variant, randomness.
  let number = BigInt(Date.now()) << 80n;
  for (const [place, byte] of random.entries()) number |= BigInt(byte) << BigInt(8 * (9 - place));
  number = (number & ~(0xfn << 76n)) | (0x7n << 76n);
  number = (number & ~(0x3n << 62n)) | (0x2n << 62n);
  let text = "";
  for (let digit = 0; digit < 26; digit++) {
    text = ALPHABET[Number(number & 31n)] + text;
    number >>= 5n;
  }
  return `${prefix}_${text}`;
}
