// A page that is read from a folder may start no worker, and the search runs in one. There this stands in for it: the
// worker's script runs in a frame that nobody sees, and messages are handed over.
if (location.protocol === "file:") {
  window.IFrameWorker = window.Worker = class extends EventTarget {
    #receivers = [];
    #early = [];

    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      const inner = frame.contentWindow;
      inner.addEventListener = (kind, receiver) => kind === "message" && this.#receivers.push(receiver);
      inner.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      const load = (address) =>
        new Promise((done) => {
          const script = inner.document.createElement("script");
          script.src = address;
          script.onload = done;
          inner.document.body.append(script);
        });
      inner.importScripts = (...addresses) => addresses.reduce((before, next) => before.then(() => load(next)), Promise.resolve());
      load(url).then(() => {
        this.#early.forEach((data) => this.#hand(data));
        this.#early = null;
      });
    }

    postMessage(data) {
      if (this.#early) this.#early.push(data);
      else this.#hand(data);
    }

    #hand(data) {
      this.#receivers.forEach((receiver) => receiver({ data }));
    }
  };
}
