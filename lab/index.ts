export * from './build.ts';
export * from './process.ts';
export * from './run.ts';
export * from './topologies/home.ts';
export * from './topology.ts';
export * from './world.ts';
