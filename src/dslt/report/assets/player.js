// A video, or a blank one, with boxes drawn over it, by exact frame numbers. No library, no network.
"use strict";

(() => {
  // Relative luminance decides which edge a line has to stand out on any picture.
  const isDark = (color) => {
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
    return 0.299 * r + 0.587 * g + 0.114 * b < 100;
  };

  // A box is [x, y, w, h], a polygon [x1, y1, x2, y2, ...], in pixels of the frames.
  const trace = (context, region, scale) => {
    const [x, y, w, h] = region;
    context.beginPath();
    if (region.length === 4) {
      context.rect(x * scale, y * scale, w * scale, h * scale);
      return;
    }
    for (let i = 0; i < region.length; i += 2) {
      context.lineTo(region[i] * scale, region[i + 1] * scale);
    }
    context.closePath();
  };

  const stroke = (context, color, width, dash) => {
    context.setLineDash([]);
    context.lineWidth = width + 2;
    context.strokeStyle = isDark(color) ? "rgb(255 255 255 / 45%)" : "rgb(0 0 0 / 60%)";
    context.stroke();
    context.setLineDash(dash.map((length) => length * width));
    context.lineWidth = width;
    context.strokeStyle = color;
    context.stroke();
  };

  // A clock that shows frames of a video. Where the browser tells which frame it shows, that is
  // what counts; `seek` aims at the middle of a frame, so that rounding leads to no other.
  class VideoClock {
    constructor(video, count, rate, show) {
      Object.assign(this, { video, count, rate, show, time: 0 });
      const told = (_, { mediaTime }) => {
        video.requestVideoFrameCallback(told);
        show(Math.min(count - 1, Math.round(mediaTime * rate)));
      };
      const guess = () => show(Math.min(count - 1, Math.floor(video.currentTime * rate + 1e-3)));
      // A browser tells of no frame that comes before its last one was taken note of: where a seek
      // has ended and nothing plays, the time says which frame stands there.
      const settle = () => { if (!video.seeking && !this.playing) guess(); };
      const soon = () => requestAnimationFrame(() => requestAnimationFrame(settle));
      if ("requestVideoFrameCallback" in video) {
        video.requestVideoFrameCallback(told);
        video.addEventListener("seeked", soon);
      } else {
        ["timeupdate", "seeked"].forEach((kind) => video.addEventListener(kind, guess));
      }
      video.addEventListener("loadedmetadata", () => this.makeSeekable());
      if (video.readyState > 0) this.makeSeekable();
    }

    // A server that cannot send parts of a file makes seeking impossible: take the whole file, and
    // go on in it where the user has gone meanwhile.
    async makeSeekable() {
      const { video } = this;
      const last = video.seekable.length ? video.seekable.end(video.seekable.length - 1) : 0;
      if (last > 0 || video.src.startsWith("blob:")) return;
      const whole = URL.createObjectURL(await (await fetch(video.src)).blob());
      const { playing } = this;
      video.src = whole;
      video.currentTime = this.time;
      if (playing) this.play();
    }

    get playing() { return !this.video.paused && !this.video.ended; }
    // A new source of the video takes the default.
    set speed(value) { this.video.playbackRate = this.video.defaultPlaybackRate = value; }
    play() { this.video.play().catch(() => {}); } // a pause stopped it, or `error` tells
    pause() { this.video.pause(); }
    seek(frame) { this.video.currentTime = this.time = (frame + 0.5) / this.rate; }
  }

  // The same without a video.
  class BlankClock {
    constructor(count, rate, show) {
      Object.assign(this, { count, rate, show, frame: 0, speed: 1, timer: 0 });
    }

    get playing() { return this.timer !== 0; }
    play() {
      const tick = () => {
        if (this.frame === this.count - 1) { this.pause(); return; }
        this.seek(this.frame + 1);
        this.timer = setTimeout(tick, 1000 / (this.rate * this.speed));
      };
      this.timer = setTimeout(tick, 1000 / (this.rate * this.speed));
    }
    pause() { clearTimeout(this.timer); this.timer = 0; this.show(this.frame); }
    seek(frame) { this.frame = frame; this.show(frame); }
  }

  class Player {
    // `data` says size, frames and rate; `changed` is called with the frame that is shown.
    constructor(stage, data, changed) {
      this.canvas = stage.querySelector("canvas");
      this.data = data;
      this.frame = 0; // what is shown
      this.aim = 0; // where the last seek goes
      this.regions = () => [];
      const show = (frame) => {
        this.frame = frame;
        if (this.clock?.playing) this.aim = frame;
        this.draw();
        changed(frame);
      };
      const video = stage.querySelector("video");
      const blank = () => {
        video?.remove();
        stage.classList.add("blank");
        return new BlankClock(data.frames, data.rate, show);
      };
      this.clock = video && !video.error ? new VideoClock(video, data.frames, data.rate, show) : blank();
      video?.addEventListener("play", () => changed(this.frame));
      video?.addEventListener("pause", () => { this.aim = this.frame; changed(this.frame); });
      video?.addEventListener("error", () => {
        this.clock = blank();
        this.clock.speed = video.playbackRate;
        this.seek(this.aim);
      });
      new ResizeObserver(() => this.draw()).observe(stage);
    }

    get blank() { return this.clock instanceof BlankClock; }
    get playing() { return this.clock.playing; }
    set speed(value) { this.clock.speed = value; }

    toggle() {
      if (this.playing) { this.clock.pause(); return; }
      if (this.aim === this.data.frames - 1) this.seek(0);
      this.clock.play();
    }

    seek(frame) {
      this.aim = Math.max(0, Math.min(this.data.frames - 1, frame));
      this.clock.seek(this.aim);
    }

    step(count) {
      this.clock.pause();
      this.seek(this.aim + count);
    }

    draw() {
      const { canvas, data } = this;
      const density = window.devicePixelRatio || 1;
      canvas.width = Math.round(canvas.clientWidth * density);
      canvas.height = Math.round(canvas.clientHeight * density);
      const context = canvas.getContext("2d");
      const scale = canvas.width / data.size[0];
      for (const { region, color, dash, width } of this.regions(this.frame)) {
        if (!region) continue;
        trace(context, region, scale);
        stroke(context, color, width * density, dash);
      }
    }
  }

  window.dslt.Player = Player;
})();
