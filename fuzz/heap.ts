import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Tells how many bytes this thread keeps alive after garbage is collected: its heap and what that holds outside. */
export function heapGauge(): () => number {
  // Worker threads take no V8 flags of their own when they start.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  return () => {
    // What a collection frees outside of the heap is swept in the background; the next one waits for that.
    for (let i = 0; i < 3; i++) collect();
    const { used_heap_size, external_memory } = getHeapStatistics();
    return used_heap_size + external_memory;
  };
}
