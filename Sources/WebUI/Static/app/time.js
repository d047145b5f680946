// Times as the site's own clock shows them.

const formatters = new Map();

function formatter(zone, options) {
  const key = `${zone}|${JSON.stringify(options)}`;
  let made = formatters.get(key);
  if (!made) {
    try {
      made = new Intl.DateTimeFormat(undefined, { timeZone: zone, ...options });
    } catch {
      made = new Intl.DateTimeFormat(undefined, { timeZone: "UTC", ...options });
    }
    formatters.set(key, made);
  }
  return made;
}

/** "10:00:05" or "10:00:05 am", by the reader's habit. */
export const clock = (iso, zone) =>
  formatter(zone, { hour: "numeric", minute: "2-digit", second: "2-digit" }).format(new Date(iso));

/** "1 May 2026, 10:00:05". */
export const dateAndClock = (iso, zone) =>
  formatter(zone, { dateStyle: "medium", timeStyle: "medium" }).format(new Date(iso));

/** "GMT+3", only where the site's clock differs from the reader's at that instant. */
export function zoneNote(iso, zone) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const date = new Date(iso);
  if (zone === here || offsetMinutes(date, zone) === offsetMinutes(date, here)) return "";
  const parts = formatter(zone, { hour: "numeric", timeZoneName: "short" }).formatToParts(date);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? zone;
}

/** "2026-05-01" in that zone: the key of a day. */
export function dayKey(iso, zone) {
  const parts = Object.fromEntries(formatter(zone, { year: "numeric", month: "2-digit", day: "2-digit",
    calendar: "iso8601", numberingSystem: "latn" }).formatToParts(new Date(iso)).map((p) => [p.type, p.value]));
  return `${parts.year}-${parts.month}-${parts.day}`;
}

/** "Today", "Yesterday", "Thursday 30 April". */
export function dayName(iso, zone) {
  const key = dayKey(iso, zone);
  const now = Date.now();
  const full = formatter(zone, { weekday: "long", day: "numeric", month: "long",
    year: key.slice(0, 4) === dayKey(now, zone).slice(0, 4) ? undefined : "numeric" }).format(new Date(iso));
  if (key === dayKey(now, zone)) return { name: "Today", full };
  if (key === shiftDay(dayKey(now, zone), -1)) return { name: "Yesterday", full };
  return { name: full, full: "" };
}

/** The day `days` later than "2026-05-01". */
export function shiftDay(key, days) {
  const date = new Date(`${key}T12:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

function offsetMinutes(date, zone) {
  const parts = Object.fromEntries(formatter(zone, { year: "numeric", month: "numeric", day: "numeric", hour: "numeric",
    minute: "numeric", second: "numeric", hourCycle: "h23", calendar: "iso8601", numberingSystem: "latn" })
    .formatToParts(date).map((p) => [p.type, Number(p.value)]));
  const asIfUTC = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second);
  return Math.round((asIfUTC - Math.floor(date.getTime() / 1000) * 1000) / 60000);
}

/** The instant (ISO, UTC) at which the zone's clocks show `local` ("2026-05-01T10:00"); either one where two do. */
export function instantOf(local, zone) {
  const asUTC = new Date(`${local.length === 10 ? `${local}T00:00` : local}Z`);
  if (Number.isNaN(asUTC.getTime())) return undefined;
  let guess = asUTC.getTime() - offsetMinutes(asUTC, zone) * 60000;
  guess = asUTC.getTime() - offsetMinutes(new Date(guess), zone) * 60000;
  return new Date(guess).toISOString();
}

/** The reverse, with seconds, as a field for date and time wants it: "2026-05-01T10:00:05". */
export const fieldTime = (date, zone) =>
  new Date(date.getTime() + offsetMinutes(date, zone) * 60000).toISOString().slice(0, 19);

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });

/** "12 sec. ago", "3 min. ago", "2 hr. ago", "4 days ago". */
export function ago(iso, now = Date.now()) {
  const seconds = Math.min(0, (new Date(iso).getTime() - now) / 1000);
  if (seconds > -5) return "just now";
  if (seconds > -60) return relative.format(Math.round(seconds / 5) * 5, "second");
  if (seconds > -3600) return relative.format(Math.trunc(seconds / 60), "minute");
  if (seconds > -86400) return relative.format(Math.trunc(seconds / 3600), "hour");
  return relative.format(Math.trunc(seconds / 86400), "day");
}

/** "17 s", "1:05". */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return minutes(seconds);
}

/** "0:17", "1:05". */
export function minutes(seconds) {
  const whole = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
