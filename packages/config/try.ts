import { parseProfileArguments, renderHelp, renderProblems, redactCommandLine, describeConfig } from './src/index.ts';
if (process.argv[2] === 'help') { console.log(renderHelp('profile', Number(process.argv[3]))); process.exit(); }
const argv = process.argv.slice(2);
const t = performance.now();
const r = parseProfileArguments(argv, { isTty: true });
console.log((performance.now() - t).toFixed(1), 'ms parse');
console.log(redactCommandLine(argv));
if (r.ok) { console.dir(r.config, { depth: 6 }); console.log(JSON.stringify(describeConfig(r.config, r.given), null, 1)); } else console.log(renderProblems(r.problems, 100));
