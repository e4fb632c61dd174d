/** Exit codes of every command. */
export const EXIT_OK = 0;
/** The run failed, or every request of it did. */
export const EXIT_FAILED = 1;
/** The command line, the configuration or a path cannot be used; nothing was sent. */
export const EXIT_USAGE = 2;
/** Ended by Ctrl-C or SIGTERM, with results written. */
export const EXIT_INTERRUPTED = 130;

/** Whether something that the user named cannot be used. The packages' errors say so themselves. */
export function isUsageError(error: unknown): boolean {
  return (error as { readonly isUsage?: boolean }).isUsage === true;
}
