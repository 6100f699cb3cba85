import * as t from 'io-ts';

const newestYear = 2012;

/** `Jun 12 1998`. The data were collected in 2010; later years are two-digit years that somebody guessed wrong (`2046`). */
const ReleaseDate = new t.Type<Date, string>(
  'ReleaseDate',
  (value): value is Date => value instanceof Date,
  (value, context) => {
    if (typeof value !== 'string' || !/^[A-Z][a-z]{2} \d{1,2} \d{4}$/.test(value)) return t.failure(value, context);
    const date = new Date(`${value} UTC`);
    const isKnown = !Number.isNaN(date.getTime()) && date.getUTCFullYear() <= newestYear;
    return isKnown ? t.success(date) : t.failure(value, context, `no film of ${newestYear} or before is from then`);
  },
  (date) => date.toISOString(),
);

/** What the table of films takes. The real data hold numbers as titles, nulls, and dates to come. */
export const Film = t.type({
  Title: t.string,
  'Release Date': ReleaseDate,
  'Worldwide Gross': t.union([t.number, t.null]),
  'IMDB Rating': t.union([t.number, t.null]),
});
