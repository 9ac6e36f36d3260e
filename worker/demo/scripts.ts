/** The only URLs that may become a script. The Content-Security-Policy allows this policy alone. */
const SCRIPTS = {
  /** `device.ts` with the runtime that each backend needs. */
  wasm: '/device.js',
  webgpu: '/device-webgpu.js',
  /** `offline.ts` */
  offline: '/offline.js',
};

export type ScriptName = keyof typeof SCRIPTS;

/** TypeScript's DOM does not know it: https://developer.mozilla.org/docs/Web/API/Trusted_Types_API */
declare const trustedTypes: { createPolicy(name: string, rules: ScriptPolicy): ScriptPolicy } | undefined;
interface ScriptPolicy {
  createScriptURL(name: ScriptName): string;
}

const scripts: ScriptPolicy = { createScriptURL: (name) => SCRIPTS[name] };
const policy = typeof trustedTypes === 'undefined' ? scripts : trustedTypes.createPolicy('device', scripts);

export const scriptUrl = (name: ScriptName): string => policy.createScriptURL(name);
