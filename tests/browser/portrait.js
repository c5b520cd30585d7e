// A camera for the README's picture: a drawn person who moves a little, instead of a browser's green test card.
(({ skin, hair, long, shirt, wall }) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 960, height: 540 });
  const pen = canvas.getContext("2d");
  pen.scale(0.75, 0.75); // drawn on 1280 by 720

  function blob(colour, x, y, rx, ry, from = 0, to = Math.PI * 2) {
    pen.fillStyle = colour;
    pen.beginPath();
    pen.ellipse(x, y, rx, ry, 0, from, to);
    pen.fill();
  }

  function room() {
    const light = pen.createLinearGradient(0, 0, 1280, 720);
    wall.forEach((colour, at) => light.addColorStop(at, colour));
    pen.fillStyle = light;
    pen.fillRect(0, 0, 1280, 720);
    pen.fillStyle = "#ffffff22";
    pen.fillRect(130, 90, 210, 270);
    pen.fillRect(960, 150, 190, 14);
    pen.fillRect(960, 290, 190, 14);
  }

  function person(sway) {
    const x = 640 + sway * 14;
    blob(hair, x, long ? 300 : 262, long ? 178 : 150, long ? 205 : 130);
    blob(shirt, 640, 790, 330, 260);
    blob(skin, 640 + sway * 6, 545, 62, 90);
    blob(skin, x, 335, 138, 172);
    blob(hair, x, 245, 142, 100, Math.PI, 0);
    blob("#2a2024", x - 50, 330, 11, 14);
    blob("#2a2024", x + 50, 330, 11, 14);
    pen.strokeStyle = "#7d3c34";
    pen.lineWidth = 7;
    pen.lineCap = "round";
    pen.beginPath();
    pen.arc(x, 385, 48, 0.25 * Math.PI, 0.75 * Math.PI);
    pen.stroke();
  }

  setInterval(() => {
    room();
    person(Math.sin(performance.now() / 900));
  }, 100);
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const [sound] = (await ask({ audio: wanted.audio })).getAudioTracks();
    const [picture] = canvas.captureStream(10).getVideoTracks();
    picture.contentHint = "detail"; // rather slower than smaller
    return new MediaStream([sound, picture]);
  };
})
