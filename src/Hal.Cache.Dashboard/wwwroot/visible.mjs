// Whether anybody can see the page: one that nobody sees asks for nothing.

export const isHidden = () => document.visibilityState === 'hidden';

/** Waits for as long as the page is hidden; true where it was. */
export async function shown() {
  if (!isHidden()) return false;
  while (isHidden()) await new Promise(resolve => document.addEventListener('visibilitychange', resolve, { once: true }));
  return true;
}
