/**
 * The lines of `--progress` and `--info=progress2` (3-transfer 9.8). A line begins with CR; an intermediate one stays
 * open, the last one of a file (or, with progress2, of the run) ends with a newline. The clock is passed in.
 */
import type { PhaseEvent, ProgressEvent } from "../sync/events.ts";
import { humanNumber, type NumberStyle, progressRate, progressTime } from "./numbers.ts";

/** A moment and the bytes done by then. */
interface Sample {
  readonly milliseconds: number;
  readonly bytes: number;
}

/** Counters behind `xfr#` and `to-chk`. */
type Counters = Pick<PhaseEvent, "leftToCheck" | "listedCount" | "listComplete">;

const samplesMax = 5;
const intervalMilliseconds = 1000;

export class Progress {
  private readonly wholeRun: boolean;
  private readonly style: NumberStyle;
  private readonly now: () => number;
  /** Where the rate of the finished line counts from: the file's start, with progress2 the run's first event. */
  private start: Sample | undefined;
  private samples: Sample[] = [];
  private shownThisFile = false;
  /** Columns of the counters in the last closed form, so that a shorter one is padded over it. */
  private suffixColumns = 0;

  /** `level` is that of `--info=progress`; `now` gives milliseconds on a steady clock. */
  constructor(level: number, style: NumberStyle, now: () => number) {
    this.wholeRun = level >= 2;
    this.style = style;
    this.now = now;
  }

  /** What to print for an event: text without escapes, or undefined when nothing is due. */
  file(event: ProgressEvent): string | undefined {
    const done = this.wholeRun ? event.runDone : event.done;
    const total = this.wholeRun ? event.runTotal : event.total;
    if (!event.finished) return this.update(done, total);
    const line = this.finalLine(done, total, event.transferIndex, event);
    if (!this.wholeRun) this.restart();
    return line;
  }

  /** progress2 repeats its line when a list was done with; the last line of the run is closed. */
  phase(event: PhaseEvent): string | undefined {
    if (!this.wholeRun) return undefined;
    if (event.isShown) return "\n";
    const line = this.finalLine(event.runDone, event.runTotal, event.transferCount, event);
    return event.last ? `${line}\n` : line;
  }

  private update(done: number, total: number): string | undefined {
    const now = this.now();
    const newest = this.samples.at(-1);
    const sample: Sample = { milliseconds: now, bytes: done };
    if (newest === undefined) {
      this.start = sample;
      this.samples.push(sample);
    } else if (this.wholeRun || this.shownThisFile) {
      if (now - newest.milliseconds < intervalMilliseconds) return undefined;
      this.samples.push(sample);
      if (this.samples.length > samplesMax) this.samples.shift();
    }
    this.shownThisFile = true;
    const oldest = this.samples[0] ?? sample;
    const rate = rateBetween(oldest, sample);
    const left = rate > 0 ? (total - done) / rate : 0;
    return `${this.head(done, total)} ${progressRate(rate, this.style)} ${progressTime(left)}  `;
  }

  private finalLine(done: number, total: number, index: number, counters: Counters): string {
    const now: Sample = { milliseconds: this.now(), bytes: done };
    if (this.start === undefined) {
      this.start = { milliseconds: now.milliseconds, bytes: 0 };
      this.samples.push(this.start);
    }
    const rate = rateBetween(this.start, now);
    const elapsed = (now.milliseconds - this.start.milliseconds) / 1000;
    const check = counters.listComplete ? "to-chk" : "ir-chk";
    const suffix = ` (xfr#${index}, ${check}=${counters.leftToCheck}/${counters.listedCount})`;
    const line = `${this.head(done, total)} ${progressRate(rate, this.style)} ${progressTime(elapsed)}${suffix}`;
    if (!this.wholeRun) return `${line}\n`;
    const padding = " ".repeat(Math.max(0, this.suffixColumns - suffix.length));
    this.suffixColumns = suffix.length;
    return line + padding;
  }

  private head(done: number, total: number): string {
    const percent = done === total ? 100 : total > 0 ? Math.trunc((100 * done) / total) : 0;
    return `\r${humanNumber(done, this.style).padStart(15)} ${String(percent).padStart(3)}%`;
  }

  private restart(): void {
    this.start = { milliseconds: this.now(), bytes: 0 };
    this.samples = [this.start];
    this.shownThisFile = false;
  }
}

/** Bytes a second between two samples that are at least a millisecond apart. */
function rateBetween(from: Sample, to: Sample): number {
  return ((to.bytes - from.bytes) * 1000) / Math.max(1, to.milliseconds - from.milliseconds);
}
