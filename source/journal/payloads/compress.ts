import { deflateSync, inflateSync } from 'node:zlib';
import { JournalError } from '../../errors.js';
import type { PayloadCodec } from './payload-codec.js';

export interface CompressOptions {
  /** Payloads of fewer bytes stay as they are. Default: 1,024. */
  readonly aboveBytes?: number;
  /** 1 (fast) to 9 (small). Default: 1, a third of the time of 6 for a tenth more bytes (measured). */
  readonly level?: number;
}

const defaultAboveBytes = 1024;
const defaultLevel = 1;

/** What is compressed is stored as base64. */
const base64 = 4 / 3;

/** No text of JavaScript is longer; a damaged one must not take all memory. */
const mostBytes = 2 ** 29;

/**
 * Compresses payloads with zlib (RFC 1950: it has a checksum), those that get smaller by it. What it has compressed can be read by a database that is
 * opened without it. Put it before `encrypt`: what is encrypted does not get smaller. Error: `INVALID_ARGUMENT`.
 */
export const compress = (options: CompressOptions = {}): PayloadCodec => {
  const { aboveBytes = defaultAboveBytes, level = defaultLevel } = options;
  if (!(aboveBytes >= 0)) throw invalid(`aboveBytes is a number from 0 on, not ${aboveBytes}`);
  if (!Number.isInteger(level) || level < 1 || level > 9) throw invalid(`level is 1 to 9, not ${level}`);
  return {
    name: 'deflate',
    seal: (bytes) => {
      if (bytes.length < aboveBytes) return undefined;
      const packed = deflateSync(bytes, { level });
      return packed.length * base64 < bytes.length ? { bytes: packed } : undefined;
    },
    open: (bytes) => {
      try {
        return inflateSync(bytes, { maxOutputLength: mostBytes });
      } catch (cause) {
        throw new JournalError(
          'PAYLOAD_CORRUPT',
          'a compressed payload cannot be read. Restore the database from a backup',
          { cause },
        );
      }
    },
  };
};

const invalid = (what: string): JournalError => new JournalError('INVALID_ARGUMENT', `compress: ${what}`);
