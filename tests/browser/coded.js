// A camera and a microphone that can be recognised at the other end, and what the page was told of the other side.
// Each picture shows its number by the colours of eight fields, the tone is the sender's own.
((pitch) => {
  const WIDTH = 320, HEIGHT = 240, ACROSS = 4, FIELDS = 8;
  const COLOURS = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]];
  const place = (field) => [((field % ACROSS) * WIDTH) / ACROSS, Math.floor(field / ACROSS) * (HEIGHT / 2)];
  const screen = () => Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT }).getContext("2d", { willReadFrequently: true });
  const pen = screen();
  const coded = (globalThis.coded = { sent: 0, told: [] });

  setInterval(() => {
    coded.sent += 1;
    for (let field = 0; field < FIELDS; field += 1) {
      pen.fillStyle = `rgb(${COLOURS[(coded.sent >> (2 * field)) & 3].join()})`;
      pen.fillRect(...place(field), WIDTH / ACROSS, HEIGHT / 2);
    }
  }, 100);

  /** The number in the picture that is shown by this element, or -1 where there is none. */
  coded.seen = (video) => {
    if (!video?.videoWidth) return -1;
    const eye = (coded.eye ??= screen());
    eye.drawImage(video, 0, 0, WIDTH, HEIGHT);
    let number = 0;
    for (let field = 0; field < FIELDS; field += 1) {
      const [x, y] = place(field);
      const [...pixel] = eye.getImageData(x + WIDTH / ACROSS / 2, y + HEIGHT / 4, 1, 1).data;
      const far = COLOURS.map((colour) => colour.reduce((sum, part, at) => sum + Math.abs(part - pixel[at]), 0));
      number += far.indexOf(Math.min(...far)) << (2 * field);
    }
    return number;
  };

  /** The loudest pitch in what this element plays, in Hz; 0 where it is silent. */
  coded.heard = (video) => {
    const stream = video?.srcObject;
    if (!stream?.getAudioTracks().length) return 0;
    if (coded.ear?.stream !== stream) {
      const context = new AudioContext();
      const analyser = new AnalyserNode(context, { fftSize: 8192 });
      context.createMediaStreamSource(stream).connect(analyser);
      coded.ear = { stream, context, analyser };
    }
    const { context, analyser } = coded.ear;
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    const loudest = bins.indexOf(Math.max(...bins));
    return bins[loudest] > -70 ? (loudest * context.sampleRate) / analyser.fftSize : 0;
  };

  navigator.mediaDevices.getUserMedia = async ({ audio, video }) => {
    const tracks = [];
    if (audio) {
      const context = new AudioContext();
      const tone = new OscillatorNode(context, { frequency: pitch });
      const out = new MediaStreamAudioDestinationNode(context);
      tone.connect(out);
      tone.start();
      tracks.push(...out.stream.getAudioTracks());
    }
    if (video) tracks.push(...pen.canvas.captureStream(10).getVideoTracks());
    return new MediaStream(tracks);
  };

  // Whatever the other side says reaches the browser by one of these; `told` is of the newest connection.
  function hears(connection, words) {
    if (coded.connection !== connection) Object.assign(coded, { connection, told: [] });
    coded.told.push(words);
  }
  const { setRemoteDescription, addIceCandidate } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.setRemoteDescription = function (description) {
    hears(this, description.sdp);
    return setRemoteDescription.call(this, description);
  };
  RTCPeerConnection.prototype.addIceCandidate = function (candidate) {
    if (candidate?.candidate) hears(this, `a=${candidate.candidate}`);
    return addIceCandidate.call(this, candidate);
  };

  // What the page itself would not say.
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    const said = typeof data === "string" && /^42\d*(\["call:signal",.*)$/s.exec(data);
    if (said) {
      const [, { call_id, epoch }] = JSON.parse(said[1]);
      Object.assign(coded, { socket: this, place: { call_id, epoch } });
    }
    return send.call(this, data);
  };
  coded.signal = (candidate) => {
    const signal = { ...coded.place, candidate: { candidate, sdpMid: "0", sdpMLineIndex: 0 } };
    coded.socket.send(`42${JSON.stringify(["call:signal", signal])}`);
  };
})
