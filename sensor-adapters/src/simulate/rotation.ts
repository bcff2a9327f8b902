/** A point or an axis in three dimensions. */
export type Vector = readonly [x: number, y: number, z: number];

/** A 3 x 3 matrix, row-major. */
export type Rotation = readonly [Vector, Vector, Vector];

/** Angles about x, y and z in radians, applied in that order. */
export type Angles = Vector;

/**
 * Builds the rotation R = Rz Ry Rx of fixed axes.
 *
 * @example
 * rotation([0, 0, 0])[0]; // => [1, 0, 0]
 */
export function rotation([roll, pitch, yaw]: Angles): Rotation {
  const [sr, cr] = [Math.sin(roll), Math.cos(roll)];
  const [sp, cp] = [Math.sin(pitch), Math.cos(pitch)];
  const [sy, cy] = [Math.sin(yaw), Math.cos(yaw)];
  return [
    [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
    [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
    [0 - sp, cp * sr, cp * cr],
  ];
}
