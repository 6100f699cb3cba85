const identifier = /^[A-Za-z_$][\w$]*$/;

/** `value.items[2]["odd key"]` for the keys `items`, `2`, `odd key`. */
export const pathOf = (keys: readonly (string | number)[], root = 'value'): string =>
  keys.reduce<string>((path, key) => {
    if (typeof key === 'number') return `${path}[${key}]`;
    return identifier.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
  }, root);
