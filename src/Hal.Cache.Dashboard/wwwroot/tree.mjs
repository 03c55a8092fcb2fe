// The tree as a drawing: boxes with text of their own over lines.
import { el, fill, nothing, state, svg } from './dom.mjs';
import { FLOW_WINDOW_S, NODE, gradeOf, knownOf, layoutOf, linkName, stateOf, treeOf } from './model.mjs';
import { bytesOf, count, figure, milliseconds, percent, rate } from './text.mjs';

const FLOWS_BESIDE_MAX = 12;
const LINE_WIDTH_MAX = 6;

export function drawTree(place, instances, links, moreLinks, flows, history) {
  if (instances.length === 0) return fill(place, nothing('No instance has registered yet.'));
  const { boxes, gapX, isIndented, height } = layoutOf(treeOf(instances), place.clientWidth);
  const width = Math.max(...boxes.map(box => box.x + box.width));
  const lines = svg('svg', { width, height, 'aria-hidden': 'true' }, boxes.filter(box => box.parent).map(box => line(box, gapX, isIndented, flows)));
  const list = el('ul', { class: 'tree', style: { width: `${width}px`, height: `${height}px` } }, boxes.flatMap(box => [
    item(box, history),
    box.parent ? label(box, gapX, isIndented, links, moreLinks, flows) : null,
  ]));
  fill(place, el('div', { class: 'drawing', style: { width: `${width}px` } }, lines, list), boxes.length > 1 ? beside(boxes, flows) : null);
}

function line(box, gapX, isIndented, flows) {
  const { parent } = box;
  const y = box.y + NODE.height / 2;
  const path = isIndented
    ? `M${parent.x + gapX / 2} ${parent.y + NODE.height}V${y}H${box.x}`
    : `M${parent.x + parent.width} ${parent.y + NODE.height / 2}h16V${y}H${box.x}`;
  const [down, up] = flowsBetween(box, flows);
  const flowing = (down?.bytesPerSecond ?? 0) + (up?.bytesPerSecond ?? 0);
  const isDown = stateOf(box.node.instance) === 'gone' || stateOf(parent.node.instance) === 'gone';
  return svg('path', {
    d: path,
    class: isDown ? 'line down' : flowing > 0 ? 'line flowing' : 'line',
    // A digit more of bytes a second is a pixel more.
    'stroke-width': flowing > 0 ? Math.min(LINE_WIDTH_MAX, 1 + Math.log10(1 + flowing / 1000)) : 1.5,
  });
}

function flowsBetween(box, flows) {
  const [above, below] = [box.parent.node.instance.name, box.node.instance.name];
  return [flows.get(linkName(above, below)), flows.get(linkName(below, above))];
}

function label(box, gapX, isIndented, links, moreLinks, flows) {
  const [down, up] = flowsBetween(box, flows);
  const name = linkName(box.parent.node.instance.name, box.node.instance.name);
  const link = links.get(name);
  const moving = [down && `↓ ${rate(down.bytesPerSecond)}`, up && `↑ ${rate(up.bytesPerSecond)}`].filter(Boolean).join('  ');
  const style = isIndented
    ? { left: `${box.x + 6}px`, top: `${box.y - NODE.labelHeight + 3}px`, width: `${box.width - 6}px` }
    : { left: `${box.x - gapX + 20}px`, top: `${box.y + NODE.height / 2 - 21}px`, width: `${gapX - 26}px` };
  return el('li', { class: isIndented ? 'label indented' : 'label', style },
    el('span', { class: 'unseen' }, `${name}: `), el('span', {}, link ? figuresOf(link) : moreLinks ? 'not looked at' : 'not measured'), el('b', {}, moving));
}

/** Latency, rate and price of a link, as far as they are known. */
export function figuresOf(link) {
  const { latencyMs, bandwidthBytesPerSecond, moneyPerGiB } = knownOf(link);
  const speed = latencyMs === undefined && bandwidthBytesPerSecond === undefined
    ? ['not measured']
    : [latencyMs === undefined ? '–' : milliseconds(latencyMs), bandwidthBytesPerSecond === undefined ? '–' : rate(bandwidthBytesPerSecond)];
  return [...speed, moneyPerGiB ? `${figure(moneyPerGiB)}/GiB` : null].filter(Boolean).join(' · ');
}

function item(box, history) {
  const { instance } = box.node;
  const parent = box.parent?.node.instance.name;
  const word = stateOf(instance);
  const hitRate = history.ratesNow(instance)?.hitRate ?? null;
  const facts = [instance.role, instance.keys === 1 ? '1 key' : `${count(instance.keys)} keys`, hitRate === null ? null : `${percent(hitRate)} hits`];
  return el('li', {
    class: `node ${gradeOf(word)}`, title: instance.reason,
    style: { left: `${box.x}px`, top: `${box.y}px`, width: `${box.width}px`, height: `${NODE.height}px` },
  },
  el('div', { class: 'top' }, el('strong', { title: instance.name }, instance.name), state(word, gradeOf(word))),
  parent ? el('span', { class: 'unseen' }, `below ${parent}`) : null,
  el('div', { class: 'facts' }, facts.filter(Boolean).join(' · ')),
  bar('memory', instance.memoryBytes, instance.memoryLimitBytes),
  instance.diskLimitBytes > 0 ? bar('disk', instance.diskBytes, instance.diskLimitBytes) : el('div', { class: 'bar' }, 'no disk'));
}

function bar(name, used, limit) {
  const ratio = limit > 0 ? Math.min(1, used / limit) : 0;
  return el('div', { class: 'bar' },
    el('span', {}, name), el('i', {}, el('b', { class: ratio > 0.95 ? 'full' : null, style: { width: `${Math.round(ratio * 100)}%` } })),
    el('span', { class: 'number' }, bytesOf(used, limit)));
}

// What goes over links that are no edge of the tree.
function beside(boxes, flows) {
  const drawn = new Set(boxes.filter(box => box.parent).flatMap(box => [
    linkName(box.parent.node.instance.name, box.node.instance.name), linkName(box.node.instance.name, box.parent.node.instance.name)]));
  const others = [...flows.entries()].filter(([name]) => !drawn.has(name)).sort((a, b) => b[1].bytesPerSecond - a[1].bytesPerSecond);
  const told = others.slice(0, FLOWS_BESIDE_MAX).map(([name, flow]) => `${name} ${rate(flow.bytesPerSecond)}`);
  if (others.length > told.length) told.push(`${others.length - told.length} more`);
  return el('p', { class: 'note' }, `Arrows: what flowed in the last ${FLOW_WINDOW_S} s.`, told.length > 0 ? ` Also: ${told.join('; ')}.` : '');
}
