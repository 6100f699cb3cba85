import { defaultCodec } from '../../../values/codec.js';
import type { Fork, Started } from '../../journal.js';
import { goneOn } from '../failures.js';
import * as shared from '../statements.js';
import { Draft } from './draft.js';
import type { Entry } from './entry.js';
import { remoteError } from './fate.js';
import { query, type Row } from './query.js';
import type { RemoteReader } from './remote-reader.js';
import * as sql from './remote-statements.js';
import { existing, notFound } from './start-entry.js';

/** The beginning of a run is copied. That the id is taken has to be an error, which ends the batch before anything is copied. */
export const forkEntry = ({ from, link, to, run }: Fork, reader: RemoteReader): Entry<Started> => {
  const seq = BigInt(to);
  const at = BigInt(Math.floor(run.createdAt));
  const draft = new Draft(reader);
  const proof = draft.add(query(sql.proveNew, run.id));
  const isMeant = link === undefined ? undefined : draft.add(query(sql.provePresentLink, from, BigInt(link)));
  draft.add(
    query(
      sql.insertFork,
      run.id,
      BigInt(run.version),
      BigInt(run.priority),
      JSON.stringify(run.tags),
      at,
      at,
      run.wakeAt === undefined ? null : BigInt(Math.ceil(run.wakeAt)),
      run.onClose ?? null,
      seq,
      seq,
      seq,
      from,
    ),
  );
  draft.add(query(sql.copyEvents, run.id, from, from, seq));
  const payload = defaultCodec.encode(from);
  draft.add(
    query(sql.insertForked, seq + 1n, seq + 1n, draft.write(payload), run.id),
    ([[position, clock] = [] as Row]) => [
      {
        type: 'events',
        events: [
          {
            position: Number(position),
            runId: run.id,
            link: 0,
            event: { type: 'run-forked', seq: to + 1, batch: to + 1, epoch: 0, at: Number(clock), payload },
          },
        ],
      },
    ],
  );
  const read = draft.add(query(shared.runById, run.id), (found) =>
    found.map((row) => ({ type: 'run', run: reader.decode.run(row) })),
  );
  return {
    queries: draft.queries,
    runs: [from, run.id],
    answer: (all) => {
      const row = all[read]?.[0];
      // Of nothing, nothing was copied.
      if (!row) throw notFound(from);
      return { value: { created: true, run: reader.decode.run(row) }, changes: draft.changesOf(all) };
    },
    instead: async (error, place) => {
      if (link !== undefined && place === isMeant) throw goneOn(from, link);
      if (place !== proof) throw remoteError(error);
      await existing(from, reader);
      return { created: false, run: await existing(run.id, reader) };
    },
    again: async () => ({ created: true, run: await existing(run.id, reader) }),
  };
};
