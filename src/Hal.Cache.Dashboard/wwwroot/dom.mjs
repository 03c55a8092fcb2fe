// Elements without markup: whatever comes from outside becomes text, never HTML.
import { keyParts } from './text.mjs';

const SVG = 'http://www.w3.org/2000/svg';

function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'style') for (const [property, text] of Object.entries(value)) node.style.setProperty(property, text);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined));
  return node;
}

export const el = (tag, attributes = {}, ...children) => build(document.createElement(tag), attributes, children);

export const svg = (tag, attributes = {}, ...children) => build(document.createElementNS(SVG, tag), attributes, children);

/** Puts children into a parent and keeps what would be the same, so that a selection, a focus and a place scrolled to stay in it. */
export function fill(parent, ...children) {
  const wanted = children.flat(Infinity).filter(child => child !== null && child !== undefined);
  wanted.forEach((child, i) => {
    const there = parent.childNodes[i];
    if (!there) parent.append(child);
    else if (typeof child === 'string' ? there.nodeType === Node.TEXT_NODE && there.data === child : there.isEqualNode(child)) return;
    else if (isSameElement(there, child)) fill(there, ...child.childNodes);
    else there.replaceWith(child);
  });
  while (parent.childNodes.length > wanted.length) parent.lastChild.remove();
}

// What differs is within; what is drawn so has no listeners of its own.
function isSameElement(there, child) {
  return there.nodeType === Node.ELEMENT_NODE && child.nodeType === Node.ELEMENT_NODE && there.cloneNode(false).isEqualNode(child.cloneNode(false));
}

/** A key, in which what can't be seen is told and set off. */
export function keyElement(key) {
  return el('bdi', { class: 'key' }, keyParts(key).map(part => (part.escaped ? el('span', { class: 'escape' }, part.text) : part.text)));
}

export function state(word, grade) {
  return el('span', { class: `state ${grade}` }, word);
}

/** A table that scrolls by itself where it is too wide; cells are texts or elements. */
export function table(label, heads, rows) {
  const cell = (tag, content, i) => el(tag, { class: heads[i].number ? 'number' : null, scope: tag === 'th' ? 'col' : null }, content);
  return el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': label },
    el('table', {},
      el('thead', {}, el('tr', {}, heads.map((head, i) => cell('th', head.text, i)))),
      el('tbody', {}, rows.map(row => el('tr', {}, row.map((content, i) => cell('td', content, i)))))));
}

export const nothing = text => el('p', { class: 'nothing' }, text);
