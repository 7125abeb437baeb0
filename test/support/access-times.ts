/** Times of access in the lines of `--list-only -U`: reading a link changes that of the link, so that it is the moment of the run. */

const listed =
  /^([-bcdlps][-rwxsStT]{9} +\S+ \d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d )(\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d)(?= )/gm;

/** Says `now` for each time of access that lies in a run, whose seconds since 1970 are given, as the tree's times of access are compared. */
export function blankAccessTimes(text: string, from: number, until: number, timeZone = "UTC"): string {
  const shown = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" } as const;
  const format = new Intl.DateTimeFormat("sv-SE", { ...shown, second: "2-digit", timeZone });
  const moments = new Set<string>();
  for (let second = Math.floor(from); second <= until; second++)
    moments.add(format.format(second * 1000).replaceAll("-", "/"));
  return text.replace(listed, (line, before, time) => (moments.has(time) ? `${before}now` : line));
}
