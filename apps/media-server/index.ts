/** The media server as a library: contents, packetised once, sent to many viewers from few sockets. */
export { contentView, type ServedContent, type ServedStream } from './catalogue.ts';
export { mediaServerCommand } from './command.ts';
export { type MediaServerConfig, mediaServerConfig } from './config.ts';
export { prepareContents, type RunningMediaServer, runMediaServer } from './main.ts';
