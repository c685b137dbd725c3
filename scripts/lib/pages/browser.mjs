// What the checks and the pictures share: a browser, and a page whose every word is listened to.
import puppeteer from "puppeteer-core";

export const WIDTHS = { desktop: 1280, phone: 390 };
export const SCHEMES = ["light", "dark"];

export const launch = () =>
  puppeteer.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });

// Opens `path` of `base`; `said` collects console messages, failed and foreign requests.
export async function open(browser, base, path, { width = 1280, scheme = "light", script = true, said = [] } = {}) {
  const page = await browser.newPage();
  page.on("console", (message) => said.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => said.push(`error: ${error.message}`));
  page.on("dialog", async (dialog) => { said.push(`dialog: ${dialog.message()}`); await dialog.dismiss(); });
  page.on("requestfailed", (request) => {
    // A stream of events ends with its page.
    if (!request.url().endsWith("/api/v1/events")) said.push(`failed: ${request.url()}`);
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(base).origin) said.push(`elsewhere: ${request.url()}`);
  });
  await page.setJavaScriptEnabled(script);
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  const answer = await page.goto(base + path, { waitUntil: "load" });
  // 304: the browser has it from another variant.
  if (![200, 304].includes(answer.status())) said.push(`status ${answer.status()}`);
  return page;
}

// The paths that are looked at, a scored pick and its ticker among them.
export async function paths(base) {
  const { items } = await (await fetch(`${base}/api/v1/forecasts?limit=200`)).json();
  const pick = items.find((item) => item.score) ?? items[0];
  return ["/", "/record", "/pipeline", "/dead-letters", "/report", "/api", `/tickers/${pick.ticker}`, `/picks/${pick.pick_id}`];
}
