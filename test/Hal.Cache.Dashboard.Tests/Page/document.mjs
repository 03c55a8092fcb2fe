// As much of a browser's document as the page uses, so that its tests need no browser: a tree of nodes, texts that stay texts.
import { readFileSync } from 'node:fs';

class Text {
  nodeType = 3;
  constructor(data) {
    this.data = String(data);
  }
  get textContent() {
    return this.data;
  }
  isEqualNode(other) {
    return other.nodeType === 3 && other.data === this.data;
  }
  replaceWith(other) {
    replace(this, other);
  }
  remove() {
    detach(this);
  }
}

class Element extends EventTarget {
  nodeType = 1;
  childNodes = [];
  hidden = false;
  value = '';
  clientWidth = 1200;
  #attributes = new Map();
  style = { setProperty: (name, value) => this.#attributes.set(`style.${name}`, value) };
  classList = { toggle: (name, wanted) => (this.className = wanted ? name : '') };

  constructor(tag) {
    super();
    this.tag = tag;
  }
  setAttribute(name, value) {
    this.#attributes.set(name, String(value));
  }
  getAttribute(name) {
    return this.#attributes.get(name) ?? null;
  }
  append(...nodes) {
    for (const node of nodes) {
      const child = nodeOf(node);
      detach(child);
      child.parentNode = this;
      this.childNodes.push(child);
    }
  }
  prepend(...nodes) {
    const before = this.childNodes.splice(0);
    this.append(...nodes);
    this.childNodes.push(...before);
  }
  replaceChildren(...nodes) {
    for (const child of [...this.childNodes]) child.remove();
    this.append(...nodes);
  }
  replaceWith(other) {
    replace(this, other);
  }
  remove() {
    detach(this);
  }
  focus() {}
  get lastChild() {
    return this.childNodes.at(-1);
  }
  get options() {
    return this.childNodes.map(child => ({ value: child.getAttribute('value') }));
  }
  get textContent() {
    return this.childNodes.map(child => child.textContent).join('');
  }
  set textContent(text) {
    this.replaceChildren(text);
  }
  isEqualNode(other) {
    return other.nodeType === 1 && describe(this) === describe(other);
  }
  cloneNode(deep) {
    const clone = new Element(this.tag);
    for (const [name, value] of this.#attributes) clone.setAttribute(name, value);
    if (deep) throw new Error('nothing here is copied with what is within');
    return clone;
  }
  attributesText() {
    return JSON.stringify([...this.#attributes]);
  }
  all(tag) {
    return this.childNodes.filter(c => c.nodeType === 1).flatMap(c => [...(c.tag === tag ? [c] : []), ...c.all(tag)]);
  }
}

const nodeOf = node => (typeof node === 'object' ? node : new Text(node));

function detach(node) {
  const siblings = node.parentNode?.childNodes;
  if (siblings) siblings.splice(siblings.indexOf(node), 1);
  node.parentNode = null;
}

function replace(node, other) {
  const { parentNode } = node;
  const child = nodeOf(other);
  parentNode.childNodes[parentNode.childNodes.indexOf(node)] = child;
  child.parentNode = parentNode;
  node.parentNode = null;
}

function describe(node) {
  return node.nodeType === 3 ? JSON.stringify(node.data) : `<${node.tag} ${node.attributesText()}>${node.childNodes.map(describe).join()}</>`;
}

// A field of one line drops line ends.
function field(name) {
  let text = '';
  return Object.defineProperty(new Element(name), 'value', { get: () => text, set: value => (text = String(value).replace(/[\r\n]/g, '')) });
}

/** Makes the globals that the page's scripts use, with a place for every id of the page. */
export function openDocument(page, baseURI) {
  const html = readFileSync(page, 'utf8');
  const places = new Map([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => [id, new Element(id)]));
  for (const form of ['search', 'sign-in']) {
    places.get(form).elements = Object.fromEntries([...html.matchAll(/ name="(\w+)"/g)].map(([, name]) => [name, field(name)]));
  }
  places.get('sign-in').hidden = true;
  const kept = new Map();
  Object.assign(globalThis, {
    document: Object.assign(new EventTarget(), {
      visibilityState: 'visible', baseURI, body: new Element('body'), getElementById: id => places.get(id), createElement: tag => new Element(tag), createElementNS: (_, tag) => new Element(tag),
    }),
    Node: { ELEMENT_NODE: 1, TEXT_NODE: 3 },
    location: { reload: () => kept.set('reloaded', '1') },
    addEventListener: () => {},
    sessionStorage: { getItem: name => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value), removeItem: name => kept.delete(name) },
  });
  return { place: id => places.get(id), kept };
}

/** Takes the timers' place: time goes on when a test says so. */
export function holdClock() {
  let now = 0;
  let last = 0;
  const waiting = new Map();
  globalThis.setTimeout = (run, ms = 0) => {
    waiting.set(++last, { at: now + ms, run });
    return last;
  };
  globalThis.clearTimeout = timer => waiting.delete(timer);
  AbortSignal.timeout = () => new AbortController().signal;
  return ms => {
    now += ms;
    for (const [timer, { at, run }] of [...waiting].sort((a, b) => a[1].at - b[1].at)) {
      if (at <= now && waiting.delete(timer)) run();
    }
  };
}
