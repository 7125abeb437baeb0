/** One guard: a place in the sources, what it becomes without the guard, and the test that must then turn red. */
export interface Guard {
  readonly name: string;
  readonly trap: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  readonly suite: string;
  readonly test: string;
  readonly races?: boolean;
}

export const guards: readonly Guard[];
