// Change what stands in an element into the fresh copy from the server, touching only what differs. Children are the same when
// their ids are; what the page itself owns (style, data-ui-*, open sheets, a focused field) is left alone.

const OURS = /^(style|open|data-ui-.*)$/;

function morph(old, fresh) {
  if (old.isEqualNode(fresh) || old.hasAttribute("data-keep")) return;
  morphAttributes(old, fresh);
  morphChildren(old, fresh);
}

function morphAttributes(old, fresh) {
  for (const { name, value } of fresh.attributes) {
    if (!OURS.test(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (!OURS.test(name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
}

function isSame(old, fresh) {
  return old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName && (old.id ?? "") === (fresh.id ?? "");
}

export function morphChildren(parent, freshParent) {
  const byId = new Map();
  for (const child of parent.children) if (child.id) byId.set(child.id, child);
  let cursor = parent.firstChild;
  for (const fresh of [...freshParent.childNodes]) {
    const match = fresh.id ? byId.get(fresh.id) : nextLike(cursor, fresh);
    if (match && isSame(match, fresh)) {
      if (match === cursor) cursor = cursor.nextSibling;
      else parent.insertBefore(match, cursor);
      if (match.nodeType === Node.ELEMENT_NODE) morph(match, fresh);
      else if (match.nodeValue !== fresh.nodeValue) match.nodeValue = fresh.nodeValue;
    } else {
      parent.insertBefore(document.importNode(fresh, true), cursor);
    }
  }
  while (cursor) {
    const next = cursor.nextSibling;
    cursor.remove();
    cursor = next;
  }
}

// Children without ids are matched in their order, past siblings that have one.
function nextLike(from, fresh) {
  for (let node = from; node; node = node.nextSibling) if (isSame(node, fresh)) return node;
  return null;
}
