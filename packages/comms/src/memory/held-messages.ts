import { Observable, type Subscriber } from 'rxjs';

/** Messages for one listener; those that come while there is none wait for the next one, as in a socket's queue. */
export class HeldMessages<T> {
  readonly messages$: Observable<T>;
  #held: T[] = [];
  #listener: Subscriber<T> | undefined;

  constructor() {
    this.messages$ = new Observable((listener) => {
      this.#listener = listener;
      const held = this.#held;
      this.#held = [];
      for (const message of held) listener.next(message);
      return () => {
        if (this.#listener === listener) this.#listener = undefined;
      };
    });
  }

  add(message: T): void {
    if (this.#listener === undefined) this.#held.push(message);
    else this.#listener.next(message);
  }
}
