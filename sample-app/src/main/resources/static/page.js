"use strict";

const PRODUCT = "/products/1";
const LINKS = "/actuator";
const CHAIN = "/actuator/asyncmiddleware";
const POLL_MILLISECONDS = 2000;

/* What a browser opens at a time anyway. */
const LANES = 6;
const SAMPLES = 200;
const ENOUGH_SAMPLES = 4;
const SLOW_REQUESTS = 10;

/* Below this share of the whole a part is not worth a line. */
const SMALL = 0.005;

/* From this share of one request on, its slowest middleware stands out. */
const LARGE = 0.1;

/* Up to here there is room for a remark behind what it is about. */
const ROOM = 0.65;

const REQUESTS = [
	{ label: "200 product requests", path: PRODUCT, times: 200, primary: true,
		lesson: "Under load every request still waits for audit, and no thread does." },
	{ label: "One product request", path: PRODUCT,
		lesson: "Middlewares run one after another, the two concurrent ones together, and then the handler asks four services at once." },
	{ heading: "Requests that end early" },
	{ label: "A wrong key", hint: "401", path: PRODUCT, headers: { "X-Api-Key": "wrong" },
		lesson: "authentication answers by itself: nothing behind it runs, and the layers in front still set their headers." },
	{ label: "Over the rate limit", hint: "429", path: PRODUCT, headers: { "X-Demo-Limit": "0" },
		lesson: "rateLimit answers without calling next, in await style." },
	{ label: "No such page", hint: "404", path: "/nothing-here",
		lesson: "The 404 is rendered outside of the chain. finalStatus sees it, statusHeader does not." },
	{ heading: "Middlewares in trouble" },
	{ label: "Flags that are missing", hint: "skipped", path: PRODUCT, headers: { "X-Demo-Flags": "none" },
		lesson: "featureFlags fails, and with onFailure = SKIP the request goes on without it." },
	{ label: "Flags that are too slow", hint: "timed out", path: PRODUCT, headers: { "X-Demo-Flags": "slow" },
		lesson: "featureFlags uses up its timeout of half a second, and the request goes on without it." },
	{ label: "An experiment that fails", hint: "500", path: PRODUCT, headers: { "X-Demo-Experiment": "none" },
		lesson: "experiments fails, and without SKIP so does the request." },
	{ label: "A forgotten await", hint: "500", path: "/demo/missing-await",
		lesson: "missingAwait calls the rest of the chain and forgets to return it. WebFlux by itself answers with an empty 200; here the log names the middleware." },
	{ label: "A handler that fails", hint: "500", path: "/fail",
		lesson: "The middlewares pass, the handler fails. finalStatus sees the status that the client gets." },
	{ heading: "More to see" },
	{ label: "A stream of events", path: "/products/1/events",
		lesson: "The time to first byte ends with the first event, not with the last." },
	{ label: "The layers of an onion", path: "/demo/onion",
		lesson: "Requests go from the outside in, responses from the inside out: await style first, then hooks. Hooks that may block share one hop to another thread." }
];

const HEADERS = ["WWW-Authenticate", "Retry-After", "X-Status", "X-Final-Status", "X-Licence-Thread", "X-Onion", "X-Onion-Thread"];
const ORDERS = { "-2147482648": "first", "2147483647": "last" };
const RUNS_ON = { "pool": "blocks, on the pool", "virtual-thread": "blocks, on a virtual thread" };
const PILLS = { passed: "plain", answered: "pill note", failed: "pill bad", timeout: "pill bad", shed: "pill bad", misused: "pill bad",
	failed_open: "pill warn", timeout_open: "pill warn", shed_open: "pill warn", cancelled: "pill" };

const state = { chain: [], text: "", samples: [], last: null, slow: [], slowText: "", shown: null, busy: false, next: null, gone: null };

const byId = (id) => document.getElementById(id);

function element(name, text, className) {
	const created = document.createElement(name);
	if (text != null) created.textContent = text;
	if (className) created.className = className;
	return created;
}

function ms(value) {
	if (value < 0.005) return "0";
	return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/* Talking to the server */

async function ask(path, options) {
	try {
		const response = await fetch(path, { cache: "no-store", ...options });
		showGone(false);
		return response;
	}
	catch (error) {
		showGone(true);
		throw error;
	}
}

function showGone(gone) {
	if (gone === (state.gone != null)) return;
	state.gone = gone ? new Date() : null;
	// The server that is back may have other code, and medians of both would hide what has changed
	if (!gone) state.samples = [];
	byId("gone").hidden = !gone;
	byId("gone").textContent = gone ? `The server does not answer, since ${state.gone.toLocaleTimeString()}. The numbers below are from before. `
		+ "Start it again with mvn -q spring-boot:run, and this page goes on by itself." : "";
}

async function readChain() {
	const response = await ask(CHAIN);
	const text = await response.text();
	if (!response.ok) throw new Error(`${response.status} for ${CHAIN}`);
	if (text !== state.text) {
		state.text = text;
		state.chain = JSON.parse(text).middlewares;
		showChain();
	}
	return state.chain;
}

/* The slowest requests of the window and those in trouble, where the application shows them. */
async function readSlow() {
	if (!state.links) {
		const response = await ask(LINKS);
		state.links = response.ok ? (await response.json())._links : {};
	}
	if (!state.links.slowrequests) return;
	const text = await (await ask(new URL(state.links.slowrequests.href).pathname)).text();
	if (text === state.slowText || document.activeElement === byId("choice")) return;
	state.slowText = text;
	const { slowest, troubled } = JSON.parse(text);
	state.slow = [["The slowest", slowest.slice(0, SLOW_REQUESTS)], ["A middleware in trouble", troubled.slice(0, SLOW_REQUESTS)]];
	showChoice();
}

/* What Server-Timing says: own times in the order of the chain, the time of the application, and their sum. A sum without parts does not help. */
function timingOf(response) {
	const parts = new Map();
	for (const [, name, duration] of (response.headers.get("Server-Timing") ?? "").matchAll(/([^\s,;]+);dur=([\d.]+)/g)) {
		parts.set(name, Number(duration));
	}
	const total = parts.get("total");
	parts.delete("total");
	return total == null || !parts.size ? null : { total, parts };
}

async function sendOne({ path, headers }) {
	const response = await ask(path, { headers });
	await response.text();
	const timing = timingOf(response);
	if (timing && path === PRODUCT && !headers && response.ok) {
		state.samples.push(timing);
		state.samples.splice(0, state.samples.length - SAMPLES);
	}
	return { response, timing };
}

async function sendMany(request, times, lanes, progress) {
	let last;
	let sent = 0;
	let done = 0;
	const lane = async () => {
		while (sent++ < times) {
			last = await sendOne(request);
			progress(++done);
		}
	};
	await Promise.all(Array.from({ length: lanes }, lane));
	return last;
}

/* A request is over a little later for the server than for its client. */
async function counted(before, times, timing) {
	const first = timing?.parts.keys().next().value ?? before.find(({ foreign, enabled }) => !foreign && enabled !== false)?.name;
	const count = (chain) => chain.find(({ name }) => name === first)?.own?.count ?? 0;
	for (let attempt = 0; attempt < 20; attempt++) {
		const after = await readChain();
		if (count(after) >= count(before) + times) return after;
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	return state.chain;
}

/* How each middleware ended between two readings of the chain. */
function resultsBetween(before, after) {
	const results = new Map();
	for (const { name, results: now } of after) {
		const past = before.find((middleware) => middleware.name === name)?.results ?? {};
		const news = Object.keys(now ?? {}).filter((result) => now[result] > (past[result] ?? 0));
		if (news.length) results.set(name, news);
	}
	return results;
}

/* The answer: what a typical request costs */

function median(values) {
	const sorted = [...values].sort((one, other) => one - other);
	const middle = sorted.length >> 1;
	return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/* Medians, so that neither the first requests nor a pause of the machine misleads. */
function typical(samples) {
	const names = new Set(samples.flatMap(({ parts }) => [...parts.keys()]));
	const parts = [...names].map((name) => ({ name, time: median(samples.map((sample) => sample.parts.get(name) ?? 0)) }));
	return { total: median(samples.map(({ total }) => total)), parts };
}

function slowestOf(parts) {
	return parts.filter(({ name }) => name !== "app" && name !== "other").sort((one, other) => other.time - one.time)[0];
}

function slowestName() {
	if (state.samples.length >= ENOUGH_SAMPLES) return slowestOf(typical(state.samples).parts).name;
	return state.last && !state.last.timing ? slowestMedian()?.name : null;
}

/* Without the parts of Server-Timing there is still the endpoint. */
function slowestMedian() {
	const parts = state.chain.filter(({ own }) => own?.p50 != null).map(({ name, own }) => ({ name, time: own.p50 }));
	return slowestOf(parts);
}

function showMedian() {
	const slowest = slowestMedian();
	if (!slowest || state.last?.timing !== null) return;
	byId("slowest").replaceChildren(element("strong", slowest.name), ` is the slowest middleware: ${ms(slowest.time)} ms of its own, at the median.`);
}

function showAnswer() {
	if (state.samples.length < ENOUGH_SAMPLES) {
		showMedian();
		return;
	}
	const { total, parts } = typical(state.samples);
	const slowest = slowestOf(parts);
	const classOf = ({ name }) => name === slowest.name ? "slow" : name === "app" ? "app" : "";
	const percent = Math.round(100 * slowest.time / total);
	byId("slowest").replaceChildren(element("strong", slowest.name), ` is the slowest middleware: ${ms(slowest.time)} ms of its own, `
		+ `${percent} % of the ${ms(total)} ms until the first byte.`);
	byId("bar").replaceChildren(...parts.filter(({ time }) => time >= SMALL * total).map((part) => {
		const piece = element("span", part.name, classOf(part));
		piece.style.flexGrow = part.time;
		piece.title = `${part.name}: ${ms(part.time)} ms`;
		return piece;
	}));
	for (const piece of byId("bar").children) {
		const label = document.createRange();
		label.selectNodeContents(piece);
		if (label.getBoundingClientRect().width + 10 > piece.clientWidth) {
			piece.textContent = "";
			piece.className += " thin";
		}
	}
	const bySize = [...parts].sort((one, other) => other.time - one.time);
	const large = bySize.filter(({ time }) => time >= SMALL * total);
	const small = bySize.slice(large.length);
	byId("bar").setAttribute("aria-label", "Parts of the time to first byte: " + large.map(({ name, time }) => `${name} ${ms(time)} ms`).join(", "));
	byId("parts").replaceChildren(...large.map((part) => {
		const item = element("li", part.name, classOf(part));
		item.append(element("b", ms(part.time)));
		return item;
	}));
	if (small.length) {
		const item = element("li", `${small.length} others, together`, "others");
		item.append(element("b", ms(small.reduce((sum, { time }) => sum + time, 0))));
		byId("parts").append(item);
	}
	byId("sum").textContent = `Medians of ${state.samples.length} requests, in milliseconds. In each of them the parts add up to the time to `
		+ "first byte; app is the handler with all that is no middleware.";
}

/* One request: a waterfall */

/* Where the own time of each middleware lies. Neighbours that are concurrent start together; each has what it adds to the ones before. */
function stepsOf({ timing: { parts }, results, chain }) {
	const rows = new Map(chain.map((middleware) => [middleware.name, middleware]));
	const steps = [];
	let start = 0;
	for (const [name, time] of parts) {
		const row = rows.get(name);
		const result = results.get(name)?.find((kind) => kind !== "passed");
		const step = { name, start, time, own: time, result, blocks: RUNS_ON[row?.runsOn] };
		const before = steps.at(-1);
		if (row?.concurrent) {
			step.group = before?.group ?? { start, time: 0, size: 0 };
			step.group.time += time;
			step.group.size++;
		}
		steps.push(step);
		start += time;
	}
	return steps;
}

/* The same with the moments that the server has noted: a part before handing over, and one when the response is back. */
function stepsOfSlow({ total, app, middlewares }) {
	const rows = new Map(state.chain.map((middleware) => [middleware.name, middleware]));
	let back = total;
	const steps = middlewares.map(({ name, entered, handed, own, result }) => {
		const row = rows.get(name);
		const step = { name, own, result: result === "passed" ? null : result, blocks: RUNS_ON[row?.runsOn] };
		if (row?.concurrent && handed != null) {
			return { ...step, start: handed - own, time: own, group: { start: entered, time: handed - entered, size: 2 } };
		}
		const before = Math.min(own, (handed ?? total) - entered);
		back -= own - before;
		return { ...step, start: entered, time: before, after: { start: back, time: own - before } };
	});
	if (app != null) steps.push({ name: "app", start: Math.max(0, ...middlewares.map(({ handed }) => handed ?? 0)), time: app, own: app });
	return steps;
}

function tickOf(total, most) {
	const rough = total / most;
	const power = 10 ** Math.floor(Math.log10(rough));
	return [1, 2, 5, 10].map((factor) => factor * power).find((tick) => tick >= rough);
}

function showWaterfall(total, steps) {
	const slowest = slowestOf(steps.filter(({ own }) => own >= LARGE * total).map(({ name, own }) => ({ name, time: own })))?.name;
	const percent = (time) => `${100 * time / total}%`;
	const list = element("ol");
	for (const step of steps) {
		const row = element("li", null, step.name === slowest ? "slow" : "");
		const track = element("span", null, "track");
		const piece = (className, { start, time }) => {
			const created = element("i", null, className);
			created.style.left = `min(${percent(start)}, 100% - 3px)`;
			created.style.width = percent(time);
			track.append(created);
		};
		const together = step.group?.size > 1;
		if (together) piece("together", step.group);
		piece(step.name === "app" ? "app" : step.blocks ? "blocks" : "", step);
		if (step.after?.time > SMALL * total) piece("", step.after);
		const who = element("span", step.name, "who");
		who.title = step.name;
		if (together) who.append(element("span", ", at the same time as its neighbours", "unseen"));
		if (step.blocks) who.append(element("span", `, ${step.blocks}`, "unseen"));
		if (step.result) {
			const pill = element("b", step.result, PILLS[step.result] ?? "pill");
			who.append(pill);
			track.append(remarkFor(pill.cloneNode(true), together ? step.group : step, total));
		}
		row.append(who, track, element("span", `${ms(step.own)} ms`, "time"));
		list.append(row);
	}
	const tick = tickOf(total, byId("last").clientWidth < 500 ? 4 : 6);
	const axis = element("div", null, "axis");
	const scale = element("div");
	for (let at = 0; at < 0.96 * total; at += tick) {
		const label = element("span", at ? String(Number(at.toPrecision(3))) : "0");
		label.style.left = percent(at);
		scale.append(label);
	}
	axis.setAttribute("aria-hidden", "true");
	axis.append(scale);
	byId("waterfall").style.setProperty("--tick", percent(tick));
	byId("waterfall").replaceChildren(list, axis, legendFor(list));
}

/* Behind what it is about, or in front of it, or on top where there is room for neither. */
function remarkFor(pill, { start, time }, total) {
	const remark = element("span", null, "remark");
	if (start + time < ROOM * total) remark.style.left = `${100 * (start + time) / total}%`;
	else if (start > (1 - ROOM) * total) remark.style.right = `${100 - 100 * start / total}%`;
	else remark.style.right = "0";
	remark.append(pill);
	return remark;
}

/* What the patterns of the bars mean, as far as there are any. */
function legendFor(list) {
	const legend = element("p", null, "legend");
	for (const [kind, meaning] of [["together", "waits at the same time as its neighbours"], ["blocks", "blocks a thread, off the event loop"],
		["app", "the handler and all that is no middleware"]]) {
		if (!list.querySelector(`i.${kind}`)) continue;
		const item = element("span");
		item.append(element("i", null, kind), meaning);
		legend.append(item);
	}
	return legend;
}

/* The request that was chosen, or else the last one. */
function showRequest() {
	if (state.shown) showSlow(state.shown);
	else if (state.last) showLast();
}

function showSlow(request) {
	const { method, uri, status, result, total, head, traceId, time } = request;
	byId("status").replaceChildren(statusPill(status ?? result), " ", element("code", `${method} ${uri}`),
		`, ${head == null ? "no first byte, ended" : "first byte"} after ${ms(total)} ms, at ${new Date(time).toLocaleTimeString()}` + (traceId ? `, trace ${traceId}` : ""));
	byId("lesson").textContent = "As the server has noted it: what comes before handing over, and what comes when the response is back.";
	byId("headers").replaceChildren();
	showWaterfall(total, stepsOfSlow(request));
}

function showChoice() {
	const requests = [];
	const groups = state.slow.filter(([, some]) => some.length).map(([label, some]) => {
		const group = element("optgroup");
		group.label = label;
		group.append(...some.map((request) => {
			const option = element("option", `${ms(request.total)} ms, ${request.status ?? request.result}, ${request.method} ${request.uri}`);
			option.value = requests.push(request) - 1;
			return option;
		}));
		return group;
	});
	const last = element("option", "the last request");
	last.value = "";
	const choice = byId("choice");
	choice.replaceChildren(last, ...groups);
	choice.onchange = () => {
		state.shown = choice.value === "" ? null : requests[choice.value];
		showRequest();
	};
	const shown = requests.findIndex(({ time, total }) => time === state.shown?.time && total === state.shown.total);
	choice.value = shown < 0 ? "" : shown;
	byId("choose").hidden = !groups.length;
	if (shown < 0 && state.shown) {
		state.shown = null;
		showRequest();
	}
}

function statusPill(status) {
	const kind = status >= 500 ? "bad" : status >= 400 ? "note" : status >= 100 ? "good" : "warn";
	return element("span", String(status), `pill ${kind}`);
}

function showLast() {
	const { request, response, timing, browser, times } = state.last;
	const status = byId("status");
	status.replaceChildren(statusPill(response.status), " ",
		element("code", [request.path, ...Object.entries(request.headers ?? {}).map((header) => header.join(": "))].join("  ")));
	if (timing) status.append(`, first byte after ${ms(timing.total)} ms` + (browser ? `, in the browser ${ms(browser)} ms` : ""));
	if (times > 1) status.append(`, the last of ${times}`);
	byId("lesson").textContent = request.lesson;
	if (timing) showWaterfall(timing.total, stepsOf(state.last));
	else byId("waterfall").replaceChildren(element("p", "This response does not say where its time went: set async-middleware.server-timing=detailed, if any middleware is enabled."));
	byId("headers").replaceChildren(...HEADERS.filter((name) => response.headers.has(name)).flatMap((name) =>
		[element("dt", name), element("dd", name.startsWith("X-Onion") ? response.headers.get(name).replaceAll(", ", " › ") : response.headers.get(name))]));
}

/* The chain */

function showChain() {
	const slowest = slowestName();
	const own = (middleware) => middleware.own?.p50 ?? 0;
	const longest = Math.max(...state.chain.map(own));
	byId("chain").tBodies[0].replaceChildren(...state.chain.map((middleware) => {
		const { name, foreign, ttfb } = middleware;
		const changed = state.last?.results.get(name)?.some((result) => result !== "passed");
		const off = middleware.enabled === false;
		const row = element("tr", null, [foreign && "foreign", off && "off", name === slowest && "slow", changed && "changed"].filter(Boolean).join(" "));
		const head = element("th", name, "name");
		head.scope = "row";
		const time = element("td", null, "own");
		if (middleware.own?.p50 != null) {
			const bar = element("i");
			bar.style.width = `${5 * own(middleware) / longest}rem`;
			time.append(element("span", ms(own(middleware))), bar);
		}
		row.append(head, time, element("td", ttfb?.p50 == null ? "" : ms(ttfb.p50), "ttfb number"), resultsCell(middleware),
			element("td", styleOf(middleware), "style"), element("td", ORDERS[middleware.order] ?? middleware.order, "order number"),
			element("td", pathsOf(middleware), "paths"));
		row.setAttribute("role", "row");
		head.setAttribute("role", "rowheader");
		for (const cell of row.querySelectorAll("td")) cell.setAttribute("role", "cell");
		return row;
	}));
}

function resultsCell({ foreign, enabled, own, results, misuse, blocked }) {
	const cell = element("td", null, "results");
	const add = (text, className) => cell.append(element("span", text, className));
	if (enabled === false) add("disabled", "pill warn");
	if (foreign && !own) add("counts as app", "plain");
	for (const [result, count] of Object.entries(results ?? {})) add(`${count} ${result}`, PILLS[result] ?? "pill");
	for (const [kind, count] of Object.entries(misuse ?? {})) add(`${count} ${kind}`, "pill bad");
	if (!cell.hasChildNodes()) add("none yet", "plain");
	if (blocked) add(`${blocked} blocked`, "pill bad");
	return cell;
}

function styleOf({ foreign, style, concurrent, runsOn, timeout, onFailure }) {
	return [style, foreign && "no middleware", concurrent && "concurrent", RUNS_ON[runsOn], timeout && `timeout ${timeout}`,
		onFailure?.toLowerCase() === "skip" && "skipped on failure"].filter(Boolean).join(", ");
}

function pathsOf({ scope }) {
	const path = scope?.path ?? [];
	const exclude = scope?.excludePath ?? [];
	if (!path.length && !exclude.length) return scope ? "all" : "";
	return path.join(" ") + (exclude.length ? `${path.length ? " " : "all "}but ${exclude.join(" ")}` : "");
}

/* What the buttons do */

async function run(request, button, lanes = LANES) {
	if (state.busy) {
		state.next = [request, button];
		return;
	}
	state.busy = true;
	const times = request.times ?? 1;
	const hint = button?.querySelector("span");
	byId("buttons").toggleAttribute("data-busy", true);
	for (const other of byId("buttons").querySelectorAll("button")) other.classList.toggle("chosen", other === button);
	try {
		const before = await readChain();
		performance.clearResourceTimings();
		const { response, timing } = await sendMany(request, times, Math.min(lanes, times), (done) => {
			if (times > 1 && hint) hint.textContent = `${done} of ${times}`;
			if (done % 5 === 0) showAnswer();
		});
		state.shown = null;
		byId("choice").value = "";
		state.last = { request, response, timing, browser: browserTimeOf(request, timing), times, chain: before, results: new Map() };
		showRequest();
		showAnswer();
		if (button) bringIntoView(byId("last"));
		const after = await counted(before, times, timing);
		showAnswer();
		// The entry of the browser may come a little later than the body
		state.last.browser ??= browserTimeOf(request, timing);
		state.last.results = times > 1 ? new Map() : resultsBetween(before, after);
		showRequest();
		showChain();
		say();
		await readSlow();
	}
	catch (error) {
		if (!state.gone) throw error;
	}
	finally {
		if (hint) hint.textContent = request.hint ?? "";
		byId("buttons").toggleAttribute("data-busy", false);
		state.busy = false;
		const next = state.next;
		state.next = null;
		if (next) run(...next);
	}
}

/* What the browser has measured from its side for the same request. */
function browserTimeOf(request, timing) {
	const entry = performance.getEntriesByName(new URL(request.path, location).href)
		.find(({ serverTiming }) => serverTiming?.some(({ name, duration }) => name === "total" && duration === timing?.total));
	return entry?.responseStart ? entry.responseStart - entry.requestStart : null;
}

/* On a narrow screen the buttons are below what they change. */
function bringIntoView(section) {
	const { top } = section.getBoundingClientRect();
	if (top >= -section.clientHeight / 2 && top < innerHeight / 2) return;
	const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
	section.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "start" });
}

/* For screen readers, once for each run. */
function say() {
	const { request, response, timing, results } = state.last;
	const odd = [...results].flatMap(([name, kinds]) => kinds.filter((kind) => kind !== "passed").map((kind) => `${name} ${kind.replace("_", " ")}`));
	byId("said").textContent = [`${response.status} for ${request.path}`, timing && `first byte after ${ms(timing.total)} milliseconds`, ...odd,
		byId("slowest").textContent].filter(Boolean).join(". ");
}

function buttonOf(request) {
	if (request.heading) return element("h3", request.heading);
	const button = element("button", request.label, request.primary ? "primary" : "");
	button.type = "button";
	button.append(element("span", request.hint ?? ""));
	button.addEventListener("click", () => run(request, button));
	return button;
}

/* The first requests of a young JVM would mislead, so one goes ahead and does not count. */
async function start() {
	try {
		state.busy = true;
		await readChain();
		await sendOne({ path: PRODUCT });
		state.samples = [];
		state.busy = false;
		await run({ ...REQUESTS[1], times: 12 }, null, 2);
	}
	catch (error) {
		state.busy = false;
		if (!state.gone) throw error;
	}
}

async function poll() {
	if (document.hidden || state.busy) return;
	const gone = state.gone;
	try {
		if (gone) state.links = null;
		await readChain();
		await readSlow();
		if (gone) await start();
	}
	catch (error) {
		if (!state.gone) throw error;
	}
}

byId("buttons").append(...REQUESTS.map(buttonOf));
addEventListener("resize", () => { showAnswer(); showRequest(); });
setInterval(poll, POLL_MILLISECONDS);
start();
