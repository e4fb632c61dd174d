import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

/*
 * For `node --import`: writes the names of the packages whose files a program loads into the file that `LOADED_PACKAGES` names, when it ends.
 */
const loaded = new Set<string>();
registerHooks({
  load(url, context, nextLoad) {
    const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//u.exec(url) ?? [];
    if (name !== undefined) loaded.add(name);
    return nextLoad(url, context);
  },
});
process.on('exit', () => {
  const path = process.env['LOADED_PACKAGES'];
  if (path !== undefined) writeFileSync(path, JSON.stringify([...loaded].sort()));
});
