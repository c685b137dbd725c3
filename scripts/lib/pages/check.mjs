// Checks the pages of a running closecall in a browser: node check.mjs BASE. Ends with 1 and says
// what was found; each line names its page.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { SCHEMES, WIDTHS, launch, open, paths } from "./browser.mjs";

const base = process.argv[2].replace(/\/$/, "");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const faults = [];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Sees to it that `holds` comes true within a time that suits a busy machine.
async function until(what, holds) {
  for (let k = 0; k < 960; k++) {
    if (await holds()) return true;
    await pause(250);
  }
  faults.push(`waited in vain: ${what}`);
  return false;
}

// axe: no violation in any variant; nothing said on the console, nothing asked elsewhere.
async function accessible(browser, all) {
  for (const path of all) {
    for (const [name, width] of Object.entries(WIDTHS)) {
      for (const scheme of SCHEMES) {
        const said = [];
        const page = await open(browser, base, path, { width, scheme, said });
        // The policy forbids scripts of others, so axe is put in beside it.
        const found = await page.evaluate(`${axe}; axe.run(document, {resultTypes: ["violations"]})`);
        const where = `${path} ${name} ${scheme}`;
        for (const violation of found.violations) {
          const nodes = violation.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ");
          faults.push(`${where}: axe ${violation.id} (${violation.impact}): ${nodes}`);
        }
        said.forEach((line) => faults.push(`${where}: ${line}`));
        await page.close();
      }
    }
  }
}

// A phone of 320 points, and the same at twice the size of type: nothing to scroll sideways.
async function narrow(browser, all) {
  for (const path of all) {
    for (const [width, words] of [[320, "320 wide"], [640, "200 % zoom"]]) {
      const page = await open(browser, base, path, { width: words === "200 % zoom" ? 640 : width });
      if (words === "200 % zoom") await page.setViewport({ width: 640, height: 450, deviceScaleFactor: 2 });
      const across = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (across > 0) faults.push(`${path} ${words}: ${across} points to scroll sideways`);
      await page.close();
    }
  }
}

// The table of all tickers is seen whole beside the fan.
async function board(browser) {
  for (const width of [1090, 1200, 1280, 1440]) {
    const page = await open(browser, base, "/", { width });
    const across = await page.evaluate(() => {
      const box = document.querySelector(".board").closest(".scroll");
      return box.scrollWidth - box.clientWidth;
    });
    if (across > 0) faults.push(`/ ${width} wide: ${across} points of the board are cut`);
    await page.close();
  }
}

// Tab reaches every link and region in the order in which they are read.
async function keyboard(browser) {
  const page = await open(browser, base, "/");
  const wanted = await page.evaluate(() => document.querySelectorAll("a[href], summary, [tabindex='0']").length);
  const seen = [];
  for (let k = 0; k < wanted; k++) {
    await page.keyboard.press("Tab");
    seen.push(await page.evaluate(() => {
      const all = [...document.querySelectorAll("a[href], summary, [tabindex='0']")];
      const at = all.indexOf(document.activeElement);
      return { at, outline: getComputedStyle(document.activeElement).outlineStyle };
    }));
  }
  // The page is exchanged while one reads, so places are compared pairwise, not counted.
  const backwards = seen.filter((one, k) => k > 0 && one.at >= 0 && one.at < seen[k - 1].at).length;
  if (backwards > 0) faults.push(`/: Tab goes back ${backwards} times`);
  if (seen.some((one) => one.at >= 0 && one.outline === "none")) faults.push("/: a focus that is not seen");
  await page.close();
}

// Without script the same is there.
async function plain(browser, all) {
  for (const path of all) {
    const said = [];
    const page = await open(browser, base, path, { script: false, said });
    const heading = await page.$eval("h1", (h1) => h1.textContent.trim());
    if (!heading) faults.push(`${path} without script: no heading`);
    said.forEach((line) => faults.push(`${path} without script: ${line}`));
    await page.close();
  }
}

// A new pick appears without a reload; many events make few fetches; a hidden page holds no stream.
async function live(browser) {
  const said = [];
  const page = await open(browser, base, "/", { said });
  await page.evaluate(() => { window.untouched = true; });
  let fetched = 0;
  page.on("request", (request) => { if (request.resourceType() === "xhr") fetched += 1; });
  const newest = () => page.$eval("#picks tbody a", (link) => link.href).catch(() => null);
  const before = await newest();
  await until("a new pick to appear without a reload", async () => (await newest()) !== before);
  if (!(await page.evaluate(() => window.untouched))) faults.push("/: the page was loaded again");
  const began = Date.now();
  const events = await page.evaluate(() => new Promise((resolve) => {
    let events = 0;
    const source = new EventSource("/api/v1/events");
    for (const kind of ["forecast", "score", "dead-letter", "stage"]) source.addEventListener(kind, () => { events += 1; });
    setTimeout(() => { source.close(); resolve(events); }, 10000);
  }));
  const seconds = (Date.now() - began) / 1000;
  console.log(`live: ${events} events and ${fetched} fetches in ${seconds.toFixed(0)} s`);
  if (fetched > seconds + 15) faults.push(`/: ${fetched} fetches in ${seconds} s`);
  said.forEach((line) => faults.push(`/ live: ${line}`));
  await page.close();
}

// Readers that are killed make room: all 32 places can be had again.
async function killed() {
  const browser = await launch();
  for (let k = 0; k < 5; k++) await open(browser, base, "/");
  browser.process().kill("SIGKILL");
  await until("32 readers to fit after a browser was killed", async () => {
    const streams = await Promise.all(Array.from({ length: 32 }, () => {
      const stop = new AbortController();
      return fetch(`${base}/api/v1/events`, { signal: stop.signal }).then((answer) => ({ stop, status: answer.status }));
    }));
    streams.forEach((stream) => stream.stop.abort());
    return streams.every((stream) => stream.status === 200);
  });
}

await until("a forecast with a score", async () => {
  const answer = await fetch(`${base}/api/v1/forecasts?limit=200`).then((answer) => answer.json()).catch(() => ({ items: [] }));
  return answer.items?.some((item) => item.score);
});
const browser = await launch();
const all = [...(await paths(base)), "/picks"];
await accessible(browser, all);
await narrow(browser, all);
await board(browser);
await keyboard(browser);
await plain(browser, all);
await live(browser);
await browser.close();
await killed();
for (const fault of faults) console.log(fault);
console.log(`pages: ${all.length} pages, ${faults.length} faults`);
process.exit(faults.length ? 1 : 0);
