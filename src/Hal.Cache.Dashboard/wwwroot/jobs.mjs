// Prestage jobs, newest first, and how far they are.
import { el, fill, nothing, state } from './dom.mjs';
import { count } from './text.mjs';

export const JOBS_MAX = 20;

const GRADES = { done: 'good', failed: 'bad', expired: 'bad' };

export function drawJobs(place, jobs, more) {
  if (jobs.length === 0) return fill(place, nothing('No prestage job.'));
  fill(place, el('ul', { class: 'jobs' }, jobs.slice(0, JOBS_MAX).map(job)), more ? el('p', { class: 'note' }, `Only the newest ${count(jobs.length)} jobs are shown.`) : null);
}

function job(job) {
  const { copiesDone, copiesFailed, copiesTotal } = job;
  const facts = [
    `to ${job.instances.map(i => i.instance).join(', ')}`,
    `priority ${job.priority}`,
    job.batch && `batch ${job.batch}`,
    job.deadline && `until ${new Date(job.deadline).toLocaleString()}`,
    `from ${new Date(job.createdAt).toLocaleString()}`,
  ];
  return el('li', {},
    el('div', { class: 'top' }, el('strong', {}, job.job), state(job.state, GRADES[job.state] ?? 'middling')),
    el('progress', { value: copiesDone, max: Math.max(1, copiesTotal), 'aria-label': `progress of ${job.job}` }),
    el('div', {}, `${count(copiesDone)} of ${count(copiesTotal)} copies`, copiesFailed > 0 ? `, ${count(copiesFailed)} failed` : ''),
    el('div', { class: 'facts' }, facts.filter(Boolean).join(' · ')));
}
