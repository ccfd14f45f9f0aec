// Made from sdk/wit by `cargo xtask gen`; not to be edited.

declare module "gantry:plugin/log@0.2.0" {
  const functions: {
    write: (level: import("./contract.ts").Level, text: string) => void;
  };
  export default functions;
}

declare module "gantry:plugin/bundle@0.2.0" {
  const functions: {
    names: () => string[];
    read: (name: string) => Uint8Array | null;
  };
  export default functions;
}

declare module "gantry:plugin/query@0.2.0" {
  const functions: {
    datagram: (endpoint: string, payload: Uint8Array, enough: number, timeoutMs: number) => import("./contract.ts").Reply[];
    exchange: (endpoint: string, payload: Uint8Array, maxBytes: number, timeoutMs: number) => import("./contract.ts").Reply;
    Connection: typeof import("./contract.ts").Connection;
  };
  export default functions;
}

declare module "gantry:plugin/kv@0.2.0" {
  const functions: {
    get: (key: string) => Uint8Array | null;
    set: (key: string, value: Uint8Array) => void;
    remove: (key: string) => void;
    keys: (prefix: string) => string[];
  };
  export default functions;
}

declare module "gantry:plugin/files@0.2.0" {
  const functions: {
    list: (path: string) => import("./contract.ts").Entry[];
    read: (path: string, maxBytes: number) => Uint8Array;
    write: (path: string, content: Uint8Array) => void;
  };
  export default functions;
}

declare module "gantry:plugin/http@0.2.0" {
  const functions: {
    send: (requests: import("./contract.ts").Request[]) => import("./contract.ts").Result<import("./contract.ts").Response, import("./contract.ts").Failure>[];
  };
  export default functions;
}

declare module "gantry:plugin/secrets@0.2.0" {
  const functions: {
    get: (name: string) => string;
  };
  export default functions;
}
