import { type MockServerOptions, startMockServer } from '@aiperf/mock-server';

/** The mock server in this process, and what it says of itself. */
export interface Mock extends AsyncDisposable {
  readonly url: string;
  /** Chat requests that ended well, by the server's own `/metrics`. */
  succeeded(): Promise<number>;
}

export async function startMock(options: Partial<MockServerOptions> = {}): Promise<Mock> {
  const server = await startMockServer({ port: 0, ...options });
  const authorization = options.apiKey === undefined ? {} : { Authorization: `Bearer ${options.apiKey}` };
  return {
    url: server.url,
    async succeeded() {
      const response = await fetch(`${server.url}/metrics`, { headers: { ...authorization, Connection: 'close' } });
      const text = await response.text();
      const counts = [...text.matchAll(/^vllm:request_success_total\{[^}]*\} (\d+)$/gmu)];
      return counts.reduce((sum, [, count]) => sum + Number(count), 0);
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}
