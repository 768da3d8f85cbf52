// Amounts as guests read them; whole pence in, never a float.

const SIGNS = { GBP: "£", EUR: "€" };

export function money(minor, currency) {
  const pounds = Math.trunc(Math.abs(minor) / 100);
  const pence = String(Math.abs(minor) % 100).padStart(2, "0");
  return `${minor < 0 ? "-" : ""}${SIGNS[currency]}${pounds.toLocaleString("en-GB")}.${pence}`;
}
