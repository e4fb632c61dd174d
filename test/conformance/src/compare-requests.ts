import type { Checks } from './checks.ts';
import { jsonLeaves } from './json-leaves.ts';
import type { RecordedRequest } from './recording-proxy.ts';

const TEXT = 'messages[0].content';

/** The requests themselves, as a recorder saw them: headers, and bodies but for the words of the prompts. */
export function compareRequests(
  checks: Checks,
  theirs: readonly RecordedRequest[],
  ours: readonly RecordedRequest[],
): void {
  checks.same('request/count', theirs.length, ours.length);
  const [their, our] = [theirs[0], ours[0]];
  if (their === undefined || our === undefined) return;
  const [theirHeaders, ourHeaders] = [new Map(their.headers), new Map(our.headers)];
  for (const name of checks.members('request/header', theirHeaders.keys(), ourHeaders.keys())) {
    if (OWN_HEADERS.has(name)) continue;
    checks.same(`request/header/value/${name}`, theirHeaders.get(name), ourHeaders.get(name));
  }
  const [theirBody, ourBody] = [jsonLeaves(their.body), jsonLeaves(our.body)];
  const common = checks.members('request/body', theirBody.keys(), ourBody.keys());
  checks.order('request/body/order', [...theirBody.keys()], [...ourBody.keys()]);
  for (const path of common)
    if (path !== TEXT) checks.same(`request/body/value/${path}`, theirBody.get(path), ourBody.get(path));
}

/** Different from request to request, or from tool to tool by what they are. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'x-request-id',
  'x-correlation-id',
  'x-session-affinity',
  'user-agent',
]);

/** `inputs.json`: sessions, bodies but for the words, and the length of every prompt. */
export function compareInputs(checks: Checks, theirText: string, ourText: string, inputTokens: number): void {
  const [theirs, ours] = [jsonLeaves(theirText), jsonLeaves(ourText)];
  const common = checks.members('inputs', theirs.keys(), ours.keys());
  checks.order('inputs/order', [...theirs.keys()], [...ours.keys()]);
  for (const path of common) {
    const [their, our] = [theirs.get(path), ours.get(path)];
    if (path.endsWith(TEXT))
      checks.same('inputs/prompt-tokens', [words(their?.value), inputTokens], [words(our?.value), inputTokens]);
    else checks.same(`inputs/value/${path}`, their, our);
  }
}

/** With the tokenizer of these runs a word is a token. */
function words(text: unknown): number {
  return String(text).split(/\s+/).length;
}
