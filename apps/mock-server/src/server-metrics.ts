/** Upper bounds of the latency histograms, in seconds; the same for all three. */
const BUCKET_BOUNDS_SEC = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

class Histogram {
  readonly #counts = new Float64Array(BUCKET_BOUNDS_SEC.length + 1);
  #sum = 0;

  observe(valueSec: number, count = 1): void {
    let index = 0;
    while (index < BUCKET_BOUNDS_SEC.length && valueSec > (BUCKET_BOUNDS_SEC[index] ?? 0)) index += 1;
    this.#counts[index] = (this.#counts[index] ?? 0) + count;
    this.#sum += valueSec * count;
  }

  render(name: string, help: string, labels: string): string {
    let text = `# HELP ${name} ${help}\n# TYPE ${name} histogram\n`;
    let cumulative = 0;
    for (const [index, count] of this.#counts.entries()) {
      cumulative += count;
      text += `${name}_bucket{${labels},le="${BUCKET_BOUNDS_SEC[index] ?? '+Inf'}"} ${cumulative}\n`;
    }
    return `${text}${name}_count{${labels}} ${cumulative}\n${name}_sum{${labels}} ${this.#sum}\n`;
  }
}

/** Counters behind `/metrics`, under the names that vLLM uses. */
export class ServerMetrics {
  running = 0;
  waiting = 0;
  promptTokens = 0;
  generationTokens = 0;
  readonly successes: Map<string, number> = new Map();
  readonly timeToFirstToken: Histogram = new Histogram();
  readonly timePerOutputToken: Histogram = new Histogram();
  readonly requestLatency: Histogram = new Histogram();
  readonly #model: string;

  constructor(model: string) {
    this.#model = model;
  }

  succeeded(reason: string): void {
    this.successes.set(reason, (this.successes.get(reason) ?? 0) + 1);
  }

  render(): string {
    const labels = `model_name=${JSON.stringify(this.#model)}`;
    const single = (type: string, name: string, help: string, value: number): string =>
      `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name}{${labels}} ${value}\n`;
    const successes = [...this.successes]
      .map(([reason, count]) => `vllm:request_success_total{finished_reason="${reason}",${labels}} ${count}\n`)
      .join('');
    return (
      single('gauge', 'vllm:num_requests_running', 'Requests being served.', this.running) +
      single('gauge', 'vllm:num_requests_waiting', 'Requests waiting to be served.', this.waiting) +
      single('counter', 'vllm:prompt_tokens_total', 'Prompt tokens processed.', this.promptTokens) +
      single('counter', 'vllm:generation_tokens_total', 'Tokens generated.', this.generationTokens) +
      `# HELP vllm:request_success_total Requests that ended well.\n# TYPE vllm:request_success_total counter\n${successes}` +
      this.timeToFirstToken.render('vllm:time_to_first_token_seconds', 'Time to first token in seconds.', labels) +
      this.timePerOutputToken.render(
        'vllm:time_per_output_token_seconds',
        'Time per output token in seconds.',
        labels,
      ) +
      this.requestLatency.render('vllm:e2e_request_latency_seconds', 'Request latency in seconds.', labels)
    );
  }
}
