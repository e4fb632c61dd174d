/** `User-Agent` of every request; the version is that of this package (a test compares them). */
export const USER_AGENT: string = 'aiperf/0.1.0';
