/** `--stop-after`, `--stop-at`: ends a run at a moment, as a signal would, but says so and ends with 30. */
import { ExitCode, TsyncError } from "../errors.ts";
import { limits } from "../limits.ts";

/** Runs `work` with a signal that also fires at `stopAt` (seconds since 1970; undefined: never). */
export async function withDeadline<Result>(
  stopAt: number | undefined,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  if (stopAt === undefined) return await work(signal);
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const wait = (): void => {
    const left = stopAt * 1000 - Date.now();
    if (left <= 0) controller.abort();
    else timer = setTimeout(wait, Math.min(left, limits.timerMilliseconds));
  };
  wait();
  try {
    return await work(AbortSignal.any([signal, controller.signal]));
  } catch (error) {
    if (!controller.signal.aborted || signal.aborted) throw error;
    const details = { exitCode: ExitCode.timeout, role: "sender", plain: true, retryable: true } as const;
    throw new TsyncError("timeout", "stopping at requested limit", details);
  } finally {
    clearTimeout(timer);
  }
}
