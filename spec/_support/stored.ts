import Database from 'libsql';

/** Everything that the file of a database says of runs, to see that nothing was written. */
export const storedIn = (url: string): readonly unknown[] => {
  const database = new Database(url.slice('file:'.length), { readonly: true });
  try {
    return ['runs', 'events', 'inbox', 'exposed'].map((table) =>
      database.prepare(`SELECT * FROM tempolite_${table} ORDER BY 1, 2, 3`).all(),
    );
  } finally {
    database.close();
  }
};
