// The page: asks in turn, draws what came, says when nothing comes.
import { Problem, get, getText, token } from './api.mjs';
import { drawCards, drawTotals } from './cards.mjs';
import { fill } from './dom.mjs';
import { followEvents } from './events.mjs';
import { JOBS_MAX, drawJobs } from './jobs.mjs';
import { offerDestinations, searchKeys } from './keys.mjs';
import { drawLinks, drawRoutes } from './links.mjs';
import { FLOW_WINDOW_S, History, countersIn, flowsOf, inTreeOrder, linkName } from './model.mjs';
import { drawTree } from './tree.mjs';
import { clock, count } from './text.mjs';
import { shown } from './visible.mjs';

const POLL_MS = 2000;
const POLL_MS_MAX = 16_000; // between attempts while nobody answers
const USAGE_POLLS = 5; // every so many polls also what costs more
const USAGE_INSTANCES_MAX = 32;
const USAGE_WINDOW_S = 300;
const PAGE_MAX = 1000; // instances and links that are asked for

const place = id => document.getElementById(id);
const history = new History();
const known = { instances: [], more: false, links: [], moreLinks: false, flows: new Map(), jobs: [], moreJobs: false, totals: null, usage: new Map() };

const events = followEvents(place('events'), place('pause'), text => fill(place('events-status'), text), askForToken);

// Asks for one thing; what the silo refuses is told, what it does not answer at all ends the poll.
async function take(path, keep) {
  try {
    const { body, time } = await get(path);
    keep(body, time);
    return null;
  } catch (failure) {
    if (!(failure instanceof Problem) || failure.status === 0 || failure.status === 401) throw failure;
    return failure.message;
  }
}

// What every silo answers: where one does not, it is dead, and who refuses is a proxy before it.
async function getInstances() {
  const { body } = await get(`v1/instances?limit=${PAGE_MAX}`);
  Object.assign(known, { instances: inTreeOrder(body.instances), more: Boolean(body.next) });
  return null;
}

async function poll(number) {
  const problems = await Promise.all([
    getInstances(),
    take(`v1/topology/links?limit=${PAGE_MAX}`, body => Object.assign(known, { links: body.items, moreLinks: Boolean(body.next) })),
    take(`v1/analytics/links?windowSeconds=${FLOW_WINDOW_S}`, (body, time) => { known.flows = flowsOf(body.items, time); }),
    take(`v1/scheduler/prestage?limit=${JOBS_MAX}`, body => Object.assign(known, { jobs: body.items, moreJobs: Boolean(body.next) })),
  ]);
  if (number % USAGE_POLLS === 0 && problems.every(p => p === null)) await pollUsage();
  // Who reports to no control plane is asked for its counters where every process shows them.
  const alone = known.instances.some(i => !i.registered) ? countersIn((await getText('metrics')).body) : new Map();
  history.add(known.instances, alone);
  draw();
  const refused = [...new Set(problems.filter(Boolean))];
  tell(refused.length > 0 ? `Not all is known here: ${refused.join('; ')}.` : '', 'middling');
}

async function pollUsage() {
  const names = known.instances.filter(i => i.registered?.state === 'live').slice(0, USAGE_INSTANCES_MAX).map(i => i.name);
  for (const name of known.usage.keys()) if (!names.includes(name)) known.usage.delete(name);
  await Promise.all([
    take('v1/content/totals', body => { known.totals = body; }),
    ...names.map(name =>
      take(`v1/analytics/usage?${new URLSearchParams({ instance: name, windowSeconds: USAGE_WINDOW_S })}`, body => known.usage.set(name, body))),
  ]);
}

function draw() {
  const { instances, links, flows } = known;
  const isTree = instances.some(i => i.registered);
  drawTotals(place('totals'), instances, history, isTree ? known.totals : null);
  drawTree(place('tree'), instances, new Map(links.map(l => [linkName(l.from, l.to), l])), known.moreLinks, flows, history);
  drawCards(place('instances'), instances, history, known.usage);
  drawRoutes(place('routes'), events.book);
  drawLinks(place('links'), links, flows, known.moreLinks);
  drawJobs(place('jobs'), known.jobs, known.moreJobs);
  offerDestinations(place('search').elements.destination, instances.filter(i => i.registered).map(i => i.name));
  fill(place('more'), known.more ? `Only the first ${count(instances.length)} instances are shown.`
    : isTree || instances.length === 0 ? ''
      : 'No instance reports to a control plane in this process: holders, links, changes and jobs are told where a tree\'s is.');
}

function tell(text, grade) {
  const status = place('status');
  document.body.classList.toggle('stale', grade === 'bad');
  status.className = text ? `banner ${grade}` : '';
  if (status.textContent !== text) status.textContent = text;
  fill(place('heard'), grade === 'bad' ? '' : `as of ${clock(new Date())}`);
}

async function run() {
  const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));
  let lostAt = null;
  let wait = POLL_MS;
  events.run();
  for (let number = 0; ; number++) {
    if (await shown()) number = 0; // all anew
    try {
      await poll(number);
      [lostAt, wait] = [null, POLL_MS];
    } catch (failure) {
      if (!(failure instanceof Problem)) console.error(failure); // a bug here, which must not end the page in silence
      if (failure.status === 401) return askForToken();
      wait = lostAt ? Math.min(2 * wait, POLL_MS_MAX) : POLL_MS;
      lostAt ??= new Date();
      const what = failure instanceof Problem ? 'Connection lost' : 'This page has failed';
      tell(`${what} since ${clock(lostAt)} (${failure.message}). What is shown is as it was then; trying again every ${wait / 1000} s.`, 'bad');
      number = -1; // the next answer is asked for everything
    }
    await sleep(wait);
  }
}

function askForToken() {
  if (!place('sign-in').hidden) return; // asked already, by what else was refused
  place('sign-in').hidden = false;
  place('content').hidden = true;
  place('sign-out').hidden = true;
  fill(place('sign-in-problem'), token.get() === null ? '' : 'The silo does not take this password.');
  token.clear();
  place('sign-in').elements.token.focus();
}

// A page that begins anew has nothing left of what another secret has shown.
place('sign-in').addEventListener('submit', event => {
  event.preventDefault();
  token.set(event.target.elements.token.value);
  location.reload();
});
place('sign-out').addEventListener('click', () => {
  token.clear();
  location.reload();
});
place('sign-out').hidden = token.get() === null;
addEventListener('resize', () => known.instances.length > 0 && draw());
searchKeys(place('search'), place('found'));
run();
