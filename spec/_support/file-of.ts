/** The files of servers of this process, by their urls. */
const served = new Map<string, string>();

export const serves = (url: string, path: string): void => {
  served.set(url, path);
};

/** The file that has the database with this url: itself, or that of a server of this process. */
export const fileOf = (url: string): string => {
  const path = url.startsWith('file:') ? url.slice('file:'.length) : served.get(url);
  if (path === undefined) throw new TypeError(`${url} is neither a file nor a server of this process`);
  return path;
};
