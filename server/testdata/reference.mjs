// Opens a page and prints what happened on it, as JSON: the requests that left the page, what the console said, and what
// stands in its middle.
//
//     BROWSER=… CHROMIUM=… node reference.mjs http://127.0.0.1:8080/docs#playMove
const { launch, open } = await import(process.env.BROWSER);

const browser = await launch();
try {
    const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
    const requests = [];
    context.on('request', (request) => request.url().startsWith('data:') || requests.push(request.url()));
    const { page, errors, losses } = await open(context, process.argv[2]);
    const seen = await page.evaluate(() => ({
        heading: document.querySelector(':target h3')?.innerText,
        menu: document.querySelector('nav') && getComputedStyle(document.querySelector('nav')).position,
        articles: document.querySelectorAll('article').length,
    }));
    console.log(JSON.stringify({ requests, complaints: [...errors, ...losses], ...seen }));
} finally {
    await browser.close();
}
