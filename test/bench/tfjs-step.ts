import { registerHooks } from "node:module";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";

/** Registers tfjs's gradients; its modules for bundlers import each other without endings, which Node refuses. */
async function registerGradients(): Promise<void> {
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier.startsWith(".") && context.parentURL?.includes("/tfjs-core/dist/") === true
        ? next(specifier.endsWith(".js") ? specifier : `${specifier}.js`, context)
        : next(specifier, context),
  });
  await import("@tensorflow/tfjs-core/dist/register_all_gradients.js");
  hooks.deregister();
}

/** Milliseconds of one training step of the 1-D CNN (batch 32, SGD with momentum) on tfjs's CPU backend. */
export async function tfjsStepMs(): Promise<number> {
  await registerGradients();
  tf.env().set("PROD", true);
  await tf.setBackend("cpu");
  const weight = (...shape: number[]): tf.Variable => tf.variable(tf.randomNormal(shape, 0, 0.05));
  const [w1, b1, w2, b2] = [weight(5, 9, 32), weight(32), weight(5, 32, 64), weight(64)];
  const [w3, b3, w4, b4] = [weight(2048, 128), weight(128), weight(128, 6), weight(6)];
  const x = tf.randomNormal<tf.Rank.R3>([32, 128, 9]);
  const target = tf.oneHot(
    Array.from({ length: 32 }, (_, index) => index % 6),
    6,
  );
  const pool = (value: tf.Tensor3D): tf.Tensor3D => {
    const [batch, length, channels] = value.shape;
    const image = tf.reshape<tf.Rank.R4>(value, [batch, length, 1, channels]);
    return tf.squeeze(tf.maxPool(image, [2, 1], [2, 1], "valid"), [2]);
  };
  const loss = (): tf.Scalar => {
    const one = pool(tf.relu(tf.add(tf.conv1d(x, w1 as tf.Tensor3D, 1, "same"), b1)));
    const two = pool(tf.relu(tf.add(tf.conv1d(one, w2 as tf.Tensor3D, 1, "same"), b2)));
    const dense = tf.relu(tf.add(tf.matMul(tf.reshape(two, [32, 2048]), w3 as tf.Tensor2D), b3));
    const logits = tf.add(tf.matMul(dense, w4 as tf.Tensor2D), b4);
    return tf.losses.softmaxCrossEntropy(target, logits);
  };
  const optimizer = tf.train.momentum(0.001, 0.9);
  const times: number[] = [];
  for (let step = 0; step < 3; step += 1) {
    const startMs = performance.now();
    optimizer.minimize(loss);
    times.push(performance.now() - startMs);
  }
  return Math.min(...times);
}
