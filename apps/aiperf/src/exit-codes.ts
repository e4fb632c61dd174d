/** Exit codes of every command. */
export const EXIT_OK = 0;
/** The run failed, or every request of it did. */
export const EXIT_FAILED = 1;
/** The command line, the configuration or a path cannot be used; nothing was sent. */
export const EXIT_USAGE = 2;
/** Ended by Ctrl-C or SIGTERM, with results written. */
export const EXIT_INTERRUPTED = 130;
