import type { ErrorCount, RunResults } from '@aiperf/metrics';
import { renderPanel } from './panel.ts';

/** Errors whose remedy is an option, each with what to do. */
const HINTS: readonly {
  readonly test: (error: ErrorCount) => boolean;
  readonly title: string;
  readonly hint: string;
}[] = [
  {
    test: ({ message }) => /max_completion_tokens/u.test(message),
    title: 'Unsupported Parameter: max_completion_tokens',
    hint: 'The server does not know max_completion_tokens. --use-legacy-max-tokens sends max_tokens instead.',
  },
  {
    test: ({ message }) => /stream_options/u.test(message),
    title: 'Unsupported Parameter: stream_options',
    hint: 'The server does not know stream_options, which ask for the usage at the end of a stream. --extra-inputs can replace the field.',
  },
  {
    test: ({ code }) => code === 401 || code === 403,
    title: 'Not Authorized',
    hint: 'The server refuses the credentials, or there were none. --api-key, or --header, gives them.',
  },
  {
    test: ({ code }) => code === 404,
    title: 'Not Found',
    hint: 'The server has no such path or model. --url is the base without the path of the endpoint (--custom-endpoint replaces that), and -m must name a model that it serves.',
  },
];

/** A panel for each known mistake that the errors point to. */
export function renderErrorHints({ errors }: RunResults, widthColumns: number): string[] {
  return HINTS.filter(({ test }) => errors.some(test)).flatMap(({ title, hint }) =>
    renderPanel(title, [hint], widthColumns),
  );
}
