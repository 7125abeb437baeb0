/**
 * Long work of the main thread in steps. Signals, timers and the other side are heard between them only: Node tells of nothing while a
 * function runs.
 */
import { pauseIn, type RunContext } from "./context.ts";

/** Does all steps at once. */
export function finish<T>(steps: Generator<unknown, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Does steps with pauses between them, the only one or the last without a promise; what a pause throws ends them. */
export function inSteps<T>(steps: Generator<void, T>, pause: () => Promise<void>): T | Promise<T> {
  const first = steps.next();
  return first.done === true ? first.value : others(steps, pause);
}

async function others<T>(steps: Generator<void, T>, pause: () => Promise<void>): Promise<T> {
  try {
    for (;;) {
      await pause();
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  } finally {
    // What they have open is closed.
    steps.return(undefined as T);
  }
}

/** Does steps of a run; between them signals and the other side are heard. Throws once the run was told to stop, or its session ended. */
export function withPauses<T>(context: RunContext, steps: Generator<void, T>): T | Promise<T> {
  return inSteps(steps, () => pauseIn(context));
}

/** Goes on once something is made, at once if it is; what `seen` holds is kept meanwhile. */
export function goOn<T>(
  seen: object,
  made: T | Promise<T>,
  next: (made: T) => Promise<void> | undefined,
): Promise<void> | undefined {
  if (!(made instanceof Promise)) return next(made);
  const kept = { ...seen };
  return made.then((value) => {
    Object.assign(seen, kept);
    return next(value);
  });
}
