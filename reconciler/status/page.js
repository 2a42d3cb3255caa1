"use strict";
// Polls the data and brings the page up to date in place: nodes that stay keep focus, selection and open details.
// Everything goes in as text, never as markup: names come from containers.
const POLL_MS = 2000;
const PATIENCE_MS = 10000;
const byId = (id) => document.getElementById(id);

function element(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// One child for each item, in order; a child is known by its key from one poll to the next.
function fill(parent, items, keyOf, make, update) {
  const known = new Map(Array.from(parent.children, (child) => [child.dataset.key, child]));
  const wanted = items.map((item) => {
    const key = keyOf(item);
    const child = known.get(key) ?? make(item);
    known.delete(key);
    child.dataset.key = key;
    update(child, item);
    return child;
  });
  known.forEach((child) => child.remove());
  wanted.forEach((child, at) => {
    if (parent.children[at] !== child) parent.insertBefore(child, parent.children[at] ?? null);
  });
}

// The same text may stand in a list twice.
function unique(items, keyOf) {
  const seen = new Map();
  return items.map((item) => {
    const key = keyOf(item);
    const times = (seen.get(key) ?? 0) + 1;
    seen.set(key, times);
    return { item, key: `${key} ${times}` };
  });
}

function list(parent, texts) {
  fill(parent, unique(texts, String), (each) => each.key, () => element("li"), (row, each) => setText(row, each.item));
}

const count = (number, one, many) => `${number.toLocaleString()} ${number === 1 ? one : many}`;
const two = (number) => String(number).padStart(2, "0");

function clockTime(epochS) {
  const at = new Date(epochS * 1000);
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  const today = at.toDateString() === new Date().toDateString();
  return today ? time : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

function duration(seconds) {
  if (seconds < 1) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} days`;
}

function badge(node, kind, text) {
  node.className = `badge ${kind}`;
  setText(node, text);
}

function trouble(node, texts) {
  node.hidden = texts.length === 0;
  list(node.firstChild, texts);
}

function makeTrouble() {
  const box = element("div", "trouble");
  box.append(element("ul"));
  return box;
}

// A description list whose entries are [term, text] or [term, text, moment].
function describe(parent, entries) {
  const make = () => {
    const pair = element("div");
    pair.style.display = "contents";
    pair.append(element("dt"), element("dd"));
    pair.lastChild.append(element("time"), element("span"));
    return pair;
  };
  fill(parent, entries, (entry) => entry[0], make, (pair, [term, text, epochS]) => {
    const [time, rest] = pair.lastChild.children;
    setText(pair.firstChild, term);
    time.hidden = !epochS;
    if (epochS) {
      time.dateTime = new Date(epochS * 1000).toISOString();
      setText(time, clockTime(epochS));
    }
    setText(rest, epochS && text ? `, ${text}` : text);
  });
}

function makeNotification() {
  const box = element("div", "notification");
  const head = element("div", "head");
  head.append(element("h4"), element("span"));
  const owed = element("details");
  owed.append(element("summary"), element("ul"));
  box.append(head, element("dl"), owed);
  return box;
}

function debtText(debt, at) {
  const parts = [...(debt.container ? [debt.container] : []), `since ${clockTime(debt.since_epoch_s)}`];
  if (debt.under_way) parts.push("being delivered");
  else if (debt.due_in_s === null) parts.push("waiting for its batch");
  else parts.push(`next try at ${clockTime(at + debt.due_in_s)}`);
  if (debt.tries) parts.push(`${count(debt.tries, "try", "tries")} failed: ${debt.trouble}`);
  else if (debt.trouble) parts.push(debt.trouble);
  return parts.join(", ");
}

function showNotification(box, notification, at) {
  const [head, facts, owed] = box.children;
  setText(head.firstChild, notification.name);
  const failing = notification.debts.some((debt) => debt.tries > 0);
  if (notification.due) badge(head.lastChild, failing ? "bad" : "wait", `${notification.due.toLocaleString()} pending`);
  else if (notification.matches === 0) badge(head.lastChild, "wait", "no match");
  else badge(head.lastChild, "good", "nothing pending");
  const entries = [
    ...(notification.matches === null ? [] : [["Matches", count(notification.matches, "container", "containers")]]),
    ["Delivered", total(notification.delivered, notification.last_delivered_epoch_s)],
  ];
  if (notification.failed) entries.push(["Failed", total(notification.failed, notification.last_failed_epoch_s)]);
  if (notification.policy_at_risk) entries.push(["Restart policy", "at risk: set stop_signal for the container"]);
  describe(facts, entries);
  owed.hidden = notification.due === 0;
  setText(owed.firstChild, "Pending");
  const texts = notification.debts.map((debt) => debtText(debt, at));
  const more = notification.due - texts.length;
  list(owed.lastChild, more > 0 ? [...texts, `and ${more.toLocaleString()} more`] : texts);
}

const total = (number, epochS) => (epochS ? `${number.toLocaleString()}, last at ${clockTime(epochS)}` : `${number}`);

function makeJob() {
  const card = element("article", "card");
  const head = element("div", "head");
  head.append(element("h3"), element("span"));
  const changes = element("details");
  changes.append(element("summary"), element("ul"));
  const notes = element("details");
  notes.open = true;
  notes.append(element("summary"), element("ul"));
  card.append(head, makeTrouble(), element("dl"), changes, notes, element("div"));
  return card;
}

function renderText(render) {
  const result = render.ok ? "succeeded" : "failed";
  const unknown = render.undefined_names ? `, ${count(render.undefined_names, "undefined name", "undefined names")}` : "";
  return `${result}, took ${duration(render.duration_s)}${unknown}`;
}

const targetName = (job) => (job.target === "-" ? "standard output" : job.target);
const jobName = (job) => (job.name === job.target ? targetName(job) : job.name);

function showJob(card, job, at) {
  const [head, problems, facts, changes, notes, notifications] = card.children;
  setText(head.firstChild, jobName(job));
  if (job.trouble.length) badge(head.lastChild, "bad", "not in sync");
  else badge(head.lastChild, job.ok ? "good" : "wait", job.ok ? "in sync" : "not read yet");
  trouble(problems, job.trouble);
  const last = job.last_change;
  describe(facts, [
    ...(jobName(job) === targetName(job) ? [] : [["Target", targetName(job)]]),
    ["Template", job.template],
    ["Last render", ...(job.last_render ? [renderText(job.last_render), job.last_render.at_epoch_s] : ["none yet"])],
    ["Last change", ...(last ? [`${last.why} (+${last.lines_added} −${last.lines_removed} lines)`, last.at_epoch_s] : ["none since the start"])],
    ["Last compared", ...(job.last_pass_epoch_s ? ["", job.last_pass_epoch_s] : ["not yet"])],
    ["Since the start", `${count(job.changes, "change", "changes")}, ${count(job.renders, "render", "renders")}`],
  ]);
  changes.hidden = !last || last.changes.length < 2;
  setText(changes.firstChild, "Containers");
  list(changes.lastChild, last ? last.changes : []);
  notes.hidden = job.note_count === 0;
  setText(notes.firstChild, `${count(job.note_count, "note", "notes")} of the template`);
  const unseen = job.note_count - job.notes.length;
  list(notes.lastChild, unseen > 0 ? [...job.notes, `and ${unseen.toLocaleString()} more`] : job.notes);
  fill(notifications, job.notifications, (each) => each.name, makeNotification, (box, each) => showNotification(box, each, at));
}

function makeEngine() {
  const card = element("article", "card");
  const head = element("div", "head");
  head.append(element("h3"), element("span"));
  card.append(head, makeTrouble(), element("dl"));
  return card;
}

function streamText(stream) {
  const ends = stream.ends ? `; ended ${count(stream.ends, "time", "times")}, last: ${stream.last_end}` : "";
  if (!stream.since_epoch_s) return `not open yet${ends}`;
  return `${stream.up ? "open" : "down"} since ${clockTime(stream.since_epoch_s)}${ends}`;
}

function showEngine(card, engine) {
  const [head, problems, facts] = card.children;
  const states = Object.entries(engine.containers).sort().map(([state, number]) => `${number.toLocaleString()} ${state}`);
  setText(head.firstChild, engine.name);
  if (engine.trouble) badge(head.lastChild, "bad", "failing");
  else if (!engine.ok) badge(head.lastChild, "wait", "not read yet");
  else badge(head.lastChild, engine.stream.up ? "good" : "wait", engine.stream.up ? "reachable" : "reachable, no events");
  const unreadable = engine.quarantine.map((each) =>
    `${each.container || each.short_id} can't be inspected since ${clockTime(each.since_epoch_s)}` +
    ` (${each.shown_as_before ? "its last known state is shown" : "it is left out"}): ${each.trouble}`);
  trouble(problems, [...(engine.trouble ? [engine.trouble] : []), ...unreadable]);
  describe(facts, [
    ["Last answer", ...(engine.read_epoch_s ? ["", engine.read_epoch_s] : ["none yet"])],
    ["Containers", states.join(", ") || "none"],
    ["Event stream", streamText(engine.stream)],
  ]);
}

function makeEvent() {
  const row = element("tr");
  row.append(element("td"), element("td"), element("td"), element("td"));
  row.firstChild.append(element("time"));
  return row;
}

function showEvent(row, event) {
  const [time, kind, action, name] = row.children;
  time.firstChild.dateTime = new Date(event.at_epoch_s * 1000).toISOString();
  setText(time.firstChild, clockTime(event.at_epoch_s));
  setText(kind, event.kind);
  setText(action, event.action);
  setText(name, event.container ? `${event.name} (${event.container})` : event.name);
}

function showEvents(events) {
  byId("events-box").hidden = events.length === 0;
  byId("no-events").hidden = events.length > 0;
  const keyed = unique([...events].reverse(), (event) => JSON.stringify(event)).reverse();
  fill(byId("events"), keyed, (each) => each.key, makeEvent, (row, each) => showEvent(row, each.item));
}

function show(status) {
  setText(byId("version"), status.version);
  byId("configuration").hidden = status.problems.length === 0;
  list(byId("configuration-problems"), status.problems);
  fill(byId("jobs"), status.jobs, (job) => job.target, makeJob, (card, job) => showJob(card, job, status.at_epoch_s));
  fill(byId("engines"), status.engines, (engine) => engine.name, makeEngine, showEngine);
  showEvents(status.events);
  setText(byId("moment"), `Started ${clockTime(status.started_epoch_s)}; status as of ${clockTime(status.at_epoch_s)}.`);
  const checks = [status.healthy, status.ready].filter((check) => !check.ok);
  const bad = checks.length ? checks.map((check) => check.reason) : troubles(status);
  const state = byId("state");
  state.className = bad.length ? "bad badge" : "good badge";
  setText(state, bad.length ? bad.join("; ") : "All targets are in sync");
  document.title = bad.length ? "pygen: problems" : "pygen";
}

function troubles(status) {
  const owed = status.jobs.flatMap((job) => job.notifications).filter((each) => each.debts.some((debt) => debt.tries > 0));
  return [
    ...(status.problems.length ? ["the configuration can't be used as it is"] : []),
    ...status.jobs.filter((job) => job.trouble.length).map((job) => `${jobName(job)} is not in sync`),
    ...status.engines.filter((engine) => engine.trouble).map((engine) => `${engine.name} is failing`),
    ...owed.map((each) => `${each.name} is failing`),
  ];
}

let paused = false;
let timer = 0;

async function poll() {
  clearTimeout(timer);
  try {
    const answer = await fetch("status.json", { signal: AbortSignal.timeout(PATIENCE_MS), cache: "no-store" });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    show(await answer.json());
  } catch (error) {
    const state = byId("state");
    state.className = "bad badge";
    setText(state, "pygen does not answer: the last known status is shown");
    document.title = "pygen: no answer";
  }
  clearTimeout(timer);
  if (!paused && !document.hidden) timer = setTimeout(poll, POLL_MS);
}

byId("pause").addEventListener("click", () => {
  paused = !paused;
  setText(byId("pause"), paused ? "Resume updates" : "Pause updates");
  if (paused) clearTimeout(timer);
  else poll();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !paused) poll();
});
poll();
