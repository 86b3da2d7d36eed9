"use strict";
/* The game of gan_tf/data/cart_pole.py: balance a pole on a cart. The physics is that of CartPole-v1 of gymnasium.

Source of the formulas and constants: Barto, Sutton and Anderson 1983, "Neuronlike adaptive elements that can solve
difficult learning control problems"; tests/playground/test_cart_pole.py compares with gymnasium.
*/
const CartPole = (() => {
  const GRAVITY = 9.8, CART = 1.0, POLE = 0.1, HALF = 0.5, FORCE = 10, SECONDS = 0.02; // HALF: of the pole's length
  const TRACK = 2.4, ANGLE = (12 * Math.PI) / 180; // beyond these the game is lost
  const SCALE = [0.17, 0.14, 0.006, 0.2]; // what the players' networks divide a state by: gan_tf/zoo/imitation.py

  // The state [place, speed, angle, turning] after one step; action 1 pushes the cart to the right, 0 to the left.
  function step([place, speed, angle, turning], action) {
    const force = action === 1 ? FORCE : -FORCE, cos = Math.cos(angle), sin = Math.sin(angle), all = CART + POLE;
    const push = (force + POLE * HALF * turning ** 2 * sin) / all;
    const bend = (GRAVITY * sin - cos * push) / (HALF * (4 / 3 - (POLE * cos ** 2) / all));
    const speeding = push - (POLE * HALF * bend * cos) / all;
    return [place + SECONDS * speed, speed + SECONDS * speeding, angle + SECONDS * turning, turning + SECONDS * bend];
  }

  const fallen = ([place, , angle]) => Math.abs(place) > TRACK || Math.abs(angle) > ANGLE;

  // The expert is a rule. A player is a network of two outputs: the larger one is its action.
  const expert = ([place, speed, angle, turning]) => (0.05 * place + 0.1 * speed + angle + 0.3 * turning > 0 ? 1 : 0);
  function player(network) {
    return state => {
      const [left, right] = network.run([state.map((each, i) => each / SCALE[i])])[0];
      return right > left ? 1 : 0;
    };
  }

  return { step, fallen, expert, player, SECONDS, TRACK, HALF };
})();

if (typeof module !== "undefined") module.exports = CartPole; // for tests in Node
