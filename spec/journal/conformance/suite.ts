import type { Subject } from '../../_support/journals.js';
import { append } from './append.js';
import { care } from './care.js';
import { changes } from './changes.js';
import { children } from './children.js';
import { choices } from './choices.js';
import { claims } from './claims.js';
import { exposed } from './exposed.js';
import { inbox } from './inbox.js';
import { links } from './links.js';
import { ownership } from './ownership.js';
import { runs } from './runs.js';
import { start } from './start.js';
import { transactions } from './transactions.js';

/** What every driver of the port keeps. */
export const journalConformance = (subject: Subject): void => {
  const parts = [start, append, inbox, runs, claims, ownership, changes, children, links];
  for (const part of [...parts, transactions, exposed, choices]) part(subject);
  // A pool is taken care of file by file.
  if (!subject.pool) care(subject);
};
