"""What the tests of the page ask the browser about it, in its own language."""

FOCUSED = """() => {
  const at = document.activeElement;
  const text = at === document.body ? "" : at.textContent.trim();
  return [text || at.tagName, getComputedStyle(at).outline];
}"""

STRUCTURE = """() => {
  const all = selector => [...document.querySelectorAll(selector)];
  const named = element => (element.labels?.[0]?.textContent ?? element.textContent).trim();
  const ids = all("[id]").map(element => element.id);
  const byId = all("[aria-labelledby]").flatMap(each => each.getAttribute("aria-labelledby").split(" "));
  return {
    language: document.documentElement.lang,
    landmarks: all("header, nav, main, footer").map(each => each.tagName),
    levels: all("h1, h2, h3, h4, h5, h6").map(heading => Number(heading.tagName[1])),
    nameless: all("button, input, select, summary, a, th, fieldset > legend").filter(each => !named(each)).length,
    mute: all("audio, video, progress, form, main section").filter(each => !each.ariaLabelledByElements?.length).length,
    lost: byId.filter(id => !ids.includes(id)),
    twice: ids.filter((id, at) => ids.indexOf(id) !== at),
    tables: all("table").filter(each => !each.caption || each.querySelector("th:not([scope])")).length,
    loose: all("[onclick], [role=button], [tabindex]:not([tabindex='-1']), [style], [accesskey]").length,
    moving: document.getAnimations().length,
  };
}"""

CONTRAST = """() => {
  const parts = colour => {
    const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
    return { rgb: [r, g, b], a };
  };
  const luminance = ({ rgb }) => {
    const [r, g, b] = rgb.map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour.a === 1) return colour;
      if (colour.a !== 0) throw new Error("a half transparent ground");
    }
  };
  const ratio = (element, what, on) => {
    const both = [parts(getComputedStyle(element)[what]), ground(on)].map(luminance);
    return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
  };
  const texts = [...document.querySelectorAll("body *")].filter(element =>
    element.checkVisibility() && [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
  const edges = [...document.querySelectorAll("button:not([hidden]), input, select")];
  const bars = [...document.querySelectorAll("progress")];
  return {
    texts: texts.map(each => [each.textContent.trim().slice(0, 30), ratio(each, "color", each)]),
    edges: edges.map(each => [each.textContent || each.name, ratio(each, "borderTopColor", each.parentElement)]),
    bars: bars.map(each => ["progress", ratio(each, "accentColor", each.parentElement)]),
    paper: getComputedStyle(document.body).backgroundColor,
  };
}"""
