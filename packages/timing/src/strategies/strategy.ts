/** Decides which credits are granted to whom, and when. */
export interface Strategy {
  /**
   * Grants what should leave now. Asked when the phase begins, after every report and when a worker is gone; the result is when to ask
   * again at the latest (run nanoseconds), infinite: only after the next report.
   */
  step(nowNs: number): number;
}
