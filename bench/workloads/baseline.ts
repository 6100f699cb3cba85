import { rawRowsPerSecond } from '../raw.js';
import { median, repeated, type Result } from '../result.js';

/** What plain libSQL does on this machine, now. */
export const baseline = async (): Promise<Result[]> => {
  const rate = async (rows: number, rowsPerCommit: number): Promise<number> =>
    median(await repeated(() => rawRowsPerSecond(rows, rowsPerCommit)));
  return [
    { id: 'raw-1', what: 'raw libSQL, one commit per row of 200 bytes', value: await rate(3000, 1), unit: 'rows/s' },
    { id: 'raw-100', what: 'raw libSQL, 100 rows a commit', value: await rate(50_000, 100), unit: 'rows/s' },
    { id: 'raw-1000', what: 'raw libSQL, 1,000 rows a commit', value: await rate(100_000, 1000), unit: 'rows/s' },
  ];
};
