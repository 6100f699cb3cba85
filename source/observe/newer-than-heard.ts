/**
 * Whether what was read is newer than all that was heard of while it was read, so that it comes behind that, and not before. What is
 * heard has been written before, and who writes about a run waits for the answer: one state at most is written and not heard of yet. A
 * second reading begins after those were heard, and finds none older than them: if it finds the first one again, that is the newest.
 */
export const isNewerThanHeard = async <V>(
  stored: V,
  heard: readonly V[],
  isSame: (one: V, other: V) => boolean,
  readAgain: () => Promise<V | undefined>,
): Promise<boolean> => {
  if (heard.length === 0 || heard.some((value) => isSame(value, stored))) return false;
  const again = await readAgain();
  return again !== undefined && isSame(again, stored);
};
