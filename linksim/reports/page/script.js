"use strict";
// One state per run (SNR, image, magnifier); every change redraws what depends on it.
const data = JSON.parse(document.getElementById("data").textContent);

function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

const decibel = (value) => `${String(value).replace("-", "−")}\u00a0dB`;
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

function startRun(article) {
  const run = data.runs[Number(article.dataset.run)];
  const sliders = article.querySelectorAll("input.snr");
  const grid = article.querySelector(".grid");
  const styles = [...article.querySelectorAll(".key")].map((key) => key.className.replace("key", "").trim());
  const hidden = new Set();
  let snr = Number(sliders[0].value);

  function setSnr(next) {
    snr = clamp(next, 0, run.snrs.length - 1);
    for (const slider of sliders) {
      slider.value = snr;
      slider.setAttribute("aria-valuetext", decibel(run.snrs[snr]));
      slider.nextElementSibling.textContent = decibel(run.snrs[snr]);
    }
    article.querySelectorAll("figure[data-measure]").forEach(drawReadout);
    if (pictures) pictures.draw(snr);
  }

  function position(svg, index) {
    const [first, last] = [run.snrs[0], run.snrs.at(-1)];
    const [from, to] = [Number(svg.dataset.x0), Number(svg.dataset.x1)];
    return last === first ? from : from + ((run.snrs[index] - first) / (last - first)) * (to - from);
  }

  function drawReadout(figure) {
    const svg = figure.querySelector("svg");
    const cursor = svg.querySelector(".cursor");
    cursor.setAttribute("x1", position(svg, snr));
    cursor.setAttribute("x2", position(svg, snr));
    cursor.style.visibility = "visible";
    const measure = run.measures[Number(figure.dataset.measure)];
    const entries = measure.values[snr]
      .map((value, scheme) => ({ value, scheme }))
      .filter((entry) => entry.value !== null && !hidden.has(entry.scheme))
      .sort((a, b) => (measure.higher ? b.value - a.value : a.value - b.value));
    const unit = measure.unit && `\u00a0${measure.unit}`;
    const list = figure.querySelector(".readout");
    list.setAttribute("aria-label", `At ${decibel(run.snrs[snr])}, best first`);
    list.replaceChildren(
      ...entries.map(({ value, scheme }) => {
        const text = value.toFixed(measure.digits).replace("-", "−") + unit;
        return element("li", { class: styles[scheme] }, element("span", {}, run.schemes[scheme]), element("b", {}, text));
      }),
    );
  }

  for (const slider of sliders) slider.addEventListener("input", () => setSnr(Number(slider.value)));

  for (const figure of article.querySelectorAll("figure[data-measure]")) {
    figure.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      setSnr(snr + step);
    });
    const svg = figure.querySelector("svg");
    svg.addEventListener("click", (event) => {
      const box = svg.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
      const distances = run.snrs.map((_, index) => Math.abs(position(svg, index) - x));
      setSnr(distances.indexOf(Math.min(...distances)));
    });
  }

  for (const key of article.querySelectorAll(".key")) {
    key.addEventListener("click", () => {
      const scheme = Number(key.dataset.scheme);
      if (!hidden.delete(scheme)) hidden.add(scheme);
      key.setAttribute("aria-pressed", String(!hidden.has(scheme)));
      for (const group of article.querySelectorAll(`.series[data-scheme="${scheme}"]`))
        group.classList.toggle("hidden", hidden.has(scheme));
      setSnr(snr);
    });
  }

  const pictures = grid && startPictures(article, run, grid);
  setSnr(snr);
}

function startPictures(article, run, grid) {
  const select = article.querySelector("select.image");
  const zoomSlider = article.querySelector("input.zoom");
  const live = article.querySelector("[aria-live]");
  const view = { zoom: 1, x: 0.5, y: 0.5 };
  const source = (number) => `data:image/webp;base64,${data.pictures[number]}`;
  let current = null;

  run.images.forEach((image, index) => select.append(element("option", { value: index }, image.id)));

  function cell(title, detail, alt, number) {
    const frame = element("div", { class: "frame" });
    frame.style.aspectRatio = run.images[Number(select.value)].size.join(" / ");
    if (number === null || number === undefined) frame.append(element("div", { class: "none" }, alt));
    else frame.append(element("img", { src: source(number), alt }));
    return element("figure", {}, frame, element("figcaption", {}, title, element("b", {}, detail)));
  }

  function draw(snr) {
    current = snr;
    const image = run.images[Number(select.value)];
    const shown = new Map(image.received.filter((entry) => entry[1] === snr).map((entry) => [entry[0], entry]));
    const cells = [cell("Original", "", `${image.id}, original`, image.original)];
    run.schemes.forEach((scheme, index) => {
      if (!image.received.some((entry) => entry[0] === index)) return;
      const [, , number, psnr, outage] = shown.get(index) || [];
      const state = outage ? "outage" : "";
      const detail = [psnr === null || psnr === undefined ? "" : `${psnr.toFixed(2)}\u00a0dB`, state].filter(Boolean).join(", ");
      const alt = number === null || number === undefined
        ? (shown.has(index) ? "nothing is shown" : `no example at ${decibel(run.snrs[snr])}`)
        : `${image.id}, ${scheme} at ${decibel(run.snrs[snr])}${detail && `, PSNR ${detail}`}`;
      cells.push(cell(scheme, detail, alt, number));
    });
    grid.replaceChildren(...cells);
    place();
    live.textContent = `Pictures at ${decibel(run.snrs[snr])}`;
  }

  function place() {
    grid.classList.toggle("zoomed", view.zoom > 1);
    for (const picture of grid.querySelectorAll("img")) {
      picture.style.transformOrigin = `${view.x * 100}% ${view.y * 100}%`;
      picture.style.transform = `scale(${view.zoom})`;
    }
    zoomSlider.value = view.zoom;
    zoomSlider.setAttribute("aria-valuetext", `${view.zoom} times`);
    zoomSlider.nextElementSibling.textContent = `${view.zoom}×`;
  }

  function look(change) {
    Object.assign(view, change);
    view.zoom = clamp(view.zoom, 1, 8);
    view.x = clamp(view.x, 0, 1);
    view.y = clamp(view.y, 0, 1);
    place();
  }

  function spot(event) {
    const frame = event.target.closest(".frame");
    if (!frame) return null;
    const box = frame.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  }

  grid.addEventListener("click", (event) => {
    const where = spot(event);
    if (where) look({ ...where, zoom: view.zoom > 1 ? 1 : 4 });
  });
  grid.addEventListener("pointermove", (event) => {
    const where = view.zoom > 1 && spot(event);
    if (where) look(where);
  });
  grid.addEventListener("keydown", (event) => {
    const step = 0.15 / view.zoom;
    const change = {
      "+": { zoom: view.zoom + 1 }, "=": { zoom: view.zoom + 1 }, "-": { zoom: view.zoom - 1 }, Escape: { zoom: 1 },
      ArrowLeft: { x: view.x - step }, ArrowRight: { x: view.x + step }, ArrowUp: { y: view.y - step }, ArrowDown: { y: view.y + step },
    }[event.key];
    if (!change || (view.zoom === 1 && event.key.startsWith("Arrow"))) return;
    event.preventDefault();
    look(change);
  });
  zoomSlider.addEventListener("input", () => look({ zoom: Number(zoomSlider.value) }));
  select.addEventListener("change", () => draw(current));
  return { draw };
}

document.querySelectorAll("article.run").forEach(startRun);

// A closed part would be missing on paper.
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  for (const part of opened) part.open = true;
});
addEventListener("afterprint", () => opened.forEach((part) => { part.open = false; }));
