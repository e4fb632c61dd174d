/** An item whose sender waits with the next one. */
export interface Acknowledged {
  /** Says that this one has been dealt with. Absent: nobody waits. */
  readonly done?: () => void;
}
